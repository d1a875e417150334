package db_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
)

func TestTimes(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 5*3600+1800)

	t.Run("they come back in UTC, equal to the microsecond", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		for id, given := range map[string]time.Time{
			"whole": time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			"micro": time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC),
			"nano":  time.Date(2026, 1, 2, 3, 4, 5, 678901999, time.UTC),
			"zone":  time.Date(2026, 1, 2, 3, 4, 5, 120000000, east),
			"local": time.Date(2026, 1, 2, 3, 4, 5, 120000000, time.Local),
			"old":   time.Date(1969, 1, 2, 3, 4, 5, 999999999, time.UTC),
		} {
			require.NoError(t, insert(t.Context(), d, newPerson(id, func(p *person) { p.CreatedAt, p.LastSignInAt = given, &given })))
			var got person
			require.NoError(t, d.Read(t.Context()).First(&got, "id = ?", id).Error)
			want := given.UTC().Truncate(time.Microsecond)
			require.Equal(t, want, got.CreatedAt, id)
			require.Equal(t, want, *got.LastSignInAt, id)
		}
	})

	t.Run("an absent one stays absent", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		require.NoError(t, insert(t.Context(), d, newPerson("a")))
		var got person
		require.NoError(t, d.Read(t.Context()).First(&got, "id = ?", "a").Error)
		require.Nil(t, got.LastSignInAt)
	})

	t.Run("they sort and compare as times, whatever their zone and digits", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		base := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		for id, at := range map[string]time.Time{
			"1": base, "2": base.Add(time.Microsecond).In(east), "3": base.Add(500 * time.Millisecond),
			"4": base.Add(510 * time.Millisecond).In(east), "5": base.Add(time.Second),
		} {
			require.NoError(t, insert(t.Context(), d, newPerson(id, func(p *person) { p.CreatedAt = at })))
		}
		ids := func(query *gorm.DB) (ids []string) {
			require.NoError(t, query.Model(&person{}).Order("created_at").Pluck("id", &ids).Error)
			return ids
		}
		require.Equal(t, []string{"1", "2", "3", "4", "5"}, ids(d.Read(t.Context())))
		limit := base.Add(500 * time.Millisecond).In(east)
		require.Equal(t, []string{"1", "2"}, ids(d.Read(t.Context()).Where("created_at < ?", limit)))
		require.Equal(t, []string{"3"}, ids(d.Read(t.Context()).Where("created_at = ?", &limit)))
	})
}

func TestConstraints(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	require.NoError(t, insert(t.Context(), d, newPerson("a")))

	t.Run("a duplicate key is reported as such", func(t *testing.T) {
		require.ErrorIs(t, insert(t.Context(), d, newPerson("a")), gorm.ErrDuplicatedKey)
	})
	t.Run("a duplicate in a unique column is reported as such", func(t *testing.T) {
		err := insert(t.Context(), d, newPerson("b", func(p *person) { p.EmailKey = "a@a.example" }))
		require.ErrorIs(t, err, gorm.ErrDuplicatedKey)
	})
	t.Run("a reference to nothing is reported as such", func(t *testing.T) {
		err := d.InTx(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec(`INSERT INTO sessions (id, user_id, token_hash, created_at, seen_at, idle_expires_at, expires_at)
				VALUES ('s', 'nobody', 'h', ?, ?, ?, ?)`, time.Now(), time.Now(), time.Now(), time.Now()).Error
		})
		require.ErrorIs(t, err, gorm.ErrForeignKeyViolated)
	})
	t.Run("a value that a check refuses is reported as such", func(t *testing.T) {
		err := insert(t.Context(), d, newPerson("c", func(p *person) { p.Role = "king" }))
		require.ErrorIs(t, err, gorm.ErrCheckConstraintViolated)
	})
	t.Run("a row that is not there is reported as such", func(t *testing.T) {
		var p person
		require.ErrorIs(t, d.Read(t.Context()).First(&p, "id = ?", "x").Error, gorm.ErrRecordNotFound)
	})
}

func TestLogging(t *testing.T) {
	t.Parallel()

	t.Run("no value of a statement is ever logged", func(t *testing.T) {
		t.Parallel()
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		d, err := db.Open(t.Context(), dbtest.NewURL(t), logger)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })

		secret := func(p *person) { p.PasswordHash = "s3cr3t" }
		require.NoError(t, insert(t.Context(), d, newPerson("a", secret)))
		require.Error(t, insert(t.Context(), d, newPerson("a", secret)))
		var p person
		require.Error(t, d.Read(t.Context()).Where("no_such_column = ?", "s3cr3t").First(&p).Error)
		require.Contains(t, log.String(), "no_such_column")
		require.NotContains(t, log.String(), "s3cr3t")
	})
}
