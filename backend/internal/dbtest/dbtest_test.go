package dbtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
)

func TestNew(t *testing.T) {
	t.Parallel()

	t.Run("the database is migrated", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, dbtest.New(t).MigrationsCurrent(t.Context()))
	})

	t.Run("each test has a database of its own", func(t *testing.T) {
		t.Parallel()
		one, two := dbtest.New(t), dbtest.New(t)
		for _, d := range []*db.DB{one, two} {
			require.NoError(t, d.InTx(t.Context(), func(tx *gorm.DB) error {
				return tx.Exec("INSERT INTO epochs (name, value) VALUES ('mine', 1)").Error
			}))
		}
	})
}

func TestNewURL(t *testing.T) {
	t.Parallel()

	t.Run("replicas that open it see each other's rows", func(t *testing.T) {
		t.Parallel()
		url := dbtest.NewURL(t)
		one, two := dbtest.Open(t, url), dbtest.Open(t, url)
		require.NoError(t, one.InTx(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("INSERT INTO epochs (name, value) VALUES ('shared', 7)").Error
		}))
		var value int64
		require.NoError(t, two.Read(t.Context()).Raw("SELECT value FROM epochs WHERE name = 'shared'").Scan(&value).Error)
		require.EqualValues(t, 7, value)
	})
}
