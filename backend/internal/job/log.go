package job

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// errorHandler logs what jobs return, once: as a warning while it will be retried, as an error when
// it is given up.
type errorHandler struct{ logger *slog.Logger }

// HandleError logs a failed attempt.
func (h errorHandler) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	if job.Attempt < job.MaxAttempts {
		h.logger.WarnContext(ctx, "job failed and will be retried", append(facts(job), "error", err)...)
	} else {
		h.logger.ErrorContext(ctx, "job failed and is given up", append(facts(job), "error", err)...)
	}
	return nil
}

// HandlePanic logs an attempt that panicked: a mistake in the program, retried all the same.
func (h errorHandler) HandlePanic(ctx context.Context, job *rivertype.JobRow, value any, trace string) *river.ErrorHandlerResult {
	h.logger.ErrorContext(ctx, "job panicked", append(facts(job), "panic", fmt.Sprint(value), "trace", trace)...)
	return nil
}

func facts(job *rivertype.JobRow) []any {
	return []any{"job_id", job.ID, "job_kind", job.Kind, "attempt", job.Attempt, "max_attempts", job.MaxAttempts}
}

// riverHandler takes one step off the level of River's own messages. It reports as errors what it
// recovers from by itself, and as news what is of no interest, or is logged by errorHandler.
type riverHandler struct{ slog.Handler }

func lowered(level slog.Level) slog.Level { return level - (slog.LevelError - slog.LevelWarn) }

// Enabled asks for the lower level.
func (h riverHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.Handler.Enabled(ctx, lowered(level))
}

// Handle writes the record at the lower level.
func (h riverHandler) Handle(ctx context.Context, record slog.Record) error {
	record.Level = lowered(record.Level)
	return h.Handler.Handle(ctx, record)
}

// WithAttrs keeps lowering.
func (h riverHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return riverHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps lowering.
func (h riverHandler) WithGroup(name string) slog.Handler {
	return riverHandler{h.Handler.WithGroup(name)}
}
