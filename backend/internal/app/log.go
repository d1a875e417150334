package app

import (
	"context"
	"io"
	"log/slog"

	"github.com/latchkey/latchkey/backend/internal/auth"
)

// NewLogger writes to w as text or JSON, and adds to each line the request and the caller it is about.
func NewLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(contextHandler{slog.NewJSONHandler(w, options)})
	}
	return slog.New(contextHandler{slog.NewTextHandler(w, options)})
}

type contextHandler struct{ slog.Handler }

// Handle adds what the context knows.
func (h contextHandler) Handle(ctx context.Context, record slog.Record) error {
	if id := auth.RequestFrom(ctx).ID; id != "" {
		record.AddAttrs(slog.String("request_id", id))
	}
	if p, ok := auth.From(ctx); ok {
		record.AddAttrs(slog.String("caller", string(p.Type)+":"+p.ID))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs keeps the context's facts on derived loggers.
func (h contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return contextHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the context's facts on derived loggers.
func (h contextHandler) WithGroup(name string) slog.Handler {
	return contextHandler{h.Handler.WithGroup(name)}
}
