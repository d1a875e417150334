package db

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gorm.io/gorm"
	gormlogger "gorm.io/gorm/logger"
)

const slowQuery = 200 * time.Millisecond

// queryLogger writes GORM's messages to slog: slow statements as warnings, failed ones, which their
// caller reports, for debugging only. Values never appear.
type queryLogger struct{ logger *slog.Logger }

// LogMode does nothing: the level is the logger's.
func (l queryLogger) LogMode(gormlogger.LogLevel) gormlogger.Interface { return l }

// ParamsFilter drops the values of a statement before GORM would write them into it.
func (l queryLogger) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}

// Info logs a remark of GORM's. Its arguments may hold values, so they are left out.
func (l queryLogger) Info(ctx context.Context, message string, _ ...any) {
	l.logger.InfoContext(ctx, "gorm", "message", message)
}

// Warn logs a warning of GORM's without its arguments.
func (l queryLogger) Warn(ctx context.Context, message string, _ ...any) {
	l.logger.WarnContext(ctx, "gorm", "message", message)
}

// Error logs an error of GORM's without its arguments.
func (l queryLogger) Error(ctx context.Context, message string, _ ...any) {
	l.logger.ErrorContext(ctx, "gorm", "message", message)
}

// Trace is called after each statement.
func (l queryLogger) Trace(ctx context.Context, begin time.Time, fc func() (string, int64), err error) {
	took := time.Since(begin) //nolint:forbidigo // measures, decides nothing
	if took >= slowQuery {
		sql, rows := fc()
		l.logger.WarnContext(ctx, "slow query", "sql", sql, "rows", rows, "took_ms", took.Milliseconds())
		return
	}
	failed := err != nil && !errors.Is(err, gorm.ErrRecordNotFound)
	if failed && l.logger.Enabled(ctx, slog.LevelDebug) {
		sql, _ := fc()
		l.logger.DebugContext(ctx, "query failed", "sql", sql, "error", err)
	}
}
