package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
)

// Three replicas together stay below PostgreSQL's default of 100 connections. Readers have a pool of
// their own so that a transaction that reads beside itself never waits for other transactions.
const (
	fewestConns  = 4
	mostConns    = 10
	postgresJobs = 8

	postgresIdleFor = 5 * time.Minute
	postgresLiveFor = 30 * time.Minute
)

var errPostgresURL = errors.New("the database URL is not valid: it must look like " +
	"postgres://user:password@host:5432/database, with special characters in the password percent-encoded")

func openPostgres(ctx context.Context, rawURL string, logger *slog.Logger) (_ *DB, err error) {
	config, err := pgxpool.ParseConfig(rawURL)
	if err != nil {
		return nil, errPostgresURL // the parser's own message can quote parts of the password
	}
	setDefaults(config)

	d := &DB{dialect: dialectPostgres, logger: logger, acquireFor: defaultAcquireFor, pgConfig: config}
	d.jobPool, d.closeJob = lazyPool(poolConfig(config, postgresJobs)) //nolint:contextcheck // it connects later, for longer
	d.writerPool = openPostgresPool(config, conns(), nil)
	d.readerPool = openPostgresPool(config, conns(), map[string]string{"default_transaction_read_only": "on"})
	defer func() {
		if err != nil {
			err = errors.Join(err, d.readerPool.Close(), d.writerPool.Close())
		}
	}()
	if err = d.writerPool.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("reach the PostgreSQL server: %w", err)
	}
	write := postgres.New(postgres.Config{Conn: d.writerPool})
	read := postgres.New(postgres.Config{Conn: d.readerPool})
	if err = d.openGORM(write, read); err != nil {
		return nil, err
	}
	return d, nil
}

// conns is how many connections a pool has: two per processor of this machine. More would not finish sooner, as a
// rule, while what needs no database, such as handing out a token that is remembered, would wait behind them.
func conns() int { return min(max(2*runtime.GOMAXPROCS(0), fewestConns), mostConns) }

// setDefaults fills in what the URL leaves open. The time-outs keep a replica that froze in the
// middle of a transaction from blocking the others for ever.
func setDefaults(config *pgxpool.Config) {
	if config.ConnConfig.ConnectTimeout == 0 || config.ConnConfig.ConnectTimeout > time.Minute {
		config.ConnConfig.ConnectTimeout = 10 * time.Second
	}
	defaults := map[string]string{
		"application_name":                    "latchkey",
		"lock_timeout":                        "10s",
		"idle_in_transaction_session_timeout": "60s",
	}
	for name, value := range defaults {
		if _, set := config.ConnConfig.RuntimeParams[name]; !set {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.AfterConnect = scanTimesInUTC
}

func openPostgresPool(config *pgxpool.Config, conns int, params map[string]string) *sql.DB {
	connConfig := config.ConnConfig.Copy()
	for name, value := range params {
		connConfig.RuntimeParams[name] = value
	}
	pool := stdlib.OpenDB(*connConfig, stdlib.OptionAfterConnect(scanTimesInUTC))
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(postgresIdleFor)
	pool.SetConnMaxLifetime(postgresLiveFor)
	return pool
}

func poolConfig(config *pgxpool.Config, conns int32) *pgxpool.Config {
	pool := config.Copy()
	pool.MaxConns, pool.MinConns = conns, 0
	pool.MaxConnIdleTime, pool.MaxConnLifetime = postgresIdleFor, postgresLiveFor
	return pool
}

// scanTimesInUTC makes timestamptz come back in UTC: pgx would give the local zone of this process.
func scanTimesInUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name:  "timestamptz",
		OID:   pgtype.TimestamptzOID,
		Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}
