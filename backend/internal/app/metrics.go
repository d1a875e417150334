package app

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo-contrib/echoprometheus"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
)

// metrics registers what is measured and returns the middleware that measures requests. Routes are
// labelled by their pattern, so no id, code or state ever becomes a label.
func (a *App) metrics() (echo.MiddlewareFunc, error) {
	for _, c := range []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), keyCollector{a.Keys},
	} {
		if err := a.registry.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	host := a.Config.Public.Host
	middleware, err := echoprometheus.MiddlewareConfig{
		Registerer: a.registry, Subsystem: "latchkey",
		LabelFuncs: map[string]echoprometheus.LabelValueFunc{
			// The caller's host and method could be anything, and every value of a label costs memory for good.
			"host":   func(echo.Context, error) string { return host },
			"method": func(c echo.Context, _ error) string { return methodLabel(c.Request().Method) },
		},
		StatusCodeResolver: func(c echo.Context, err error) int {
			if err != nil && !c.Response().Committed {
				return httpapi.StatusOf(c.Request().Context(), err)
			}
			return c.Response().Status
		},
	}.ToMiddleware()
	if err != nil {
		return nil, fmt.Errorf("measure requests: %w", err)
	}
	return middleware, nil
}

func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

// keyCollector counts account keys by status when it is asked.
type keyCollector struct{ keys *accountkey.Service }

func keysDesc() *prometheus.Desc {
	return prometheus.NewDesc("latchkey_account_keys", "Account keys by status.", []string{"status"}, nil)
}

func secretsDesc() *prometheus.Desc {
	return prometheus.NewDesc("latchkey_client_secrets_expiring", "Client secrets of account keys that expire within so many days, or have.",
		[]string{"days"}, nil)
}

// Describe names the metrics.
func (keyCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- keysDesc()
	ch <- secretsDesc()
}

// Collect counts.
func (k keyCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second) // Prometheus hands no context on
	defer cancel()
	counts, err := k.keys.CountByStatus(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(keysDesc(), err)
		return
	}
	for status, n := range counts {
		ch <- prometheus.MustNewConstMetric(keysDesc(), prometheus.GaugeValue, float64(n), string(status))
	}
	for _, days := range []int{0, 1, 7, 30} {
		n, err := k.keys.CountExpiring(ctx, days)
		if err != nil {
			ch <- prometheus.NewInvalidMetric(secretsDesc(), err)
			return
		}
		ch <- prometheus.MustNewConstMetric(secretsDesc(), prometheus.GaugeValue, float64(n), strconv.Itoa(days))
	}
}
