package db_test

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/db"
)

// person is a row of users with the columns that these tests need.
type person struct {
	ID           string
	Email        string
	EmailKey     string
	Name         string
	Role         string
	PasswordHash string
	CreatedAt    time.Time
	UpdatedAt    time.Time
	LastSignInAt *time.Time
}

// TableName names the table.
func (person) TableName() string { return "users" }

func newPerson(id string, change ...func(*person)) person {
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	p := person{
		ID: id, Email: id + "@a.example", EmailKey: id + "@a.example", Name: id, Role: "viewer",
		PasswordHash: "-", CreatedAt: at, UpdatedAt: at,
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func insert(ctx context.Context, d *db.DB, people ...person) error {
	return d.InTx(ctx, func(tx *gorm.DB) error { return tx.Create(&people).Error })
}

func count(ctx context.Context, d *db.DB) (n int64, err error) {
	err = d.Read(ctx).Model(&person{}).Count(&n).Error
	return n, err
}
