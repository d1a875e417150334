// Package spa serves the single-page app that the front end's build left in dist, and the API's
// interactive reference beside it. Unknown addresses get the app, whose router knows the pages.
package spa

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// The policies allow nothing from outside, nothing inline, and no frame around us. Swagger UI writes
// inline styles and images of its own, which is why its page has a policy of its own.
const (
	appPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
		"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'; " +
		"require-trusted-types-for 'script'"
	docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
		"connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)

// Handler serves the app. public is our own URL: pages opened on another host name are sent there,
// so that cookies fit.
func Handler(public *url.URL) (http.Handler, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("open the built front end: %w", err)
	}
	return handlerOf(files, public), nil
}

func handlerOf(files fs.FS, public *url.URL) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if name == "docs" {
			name = "docs/index.html"
		}
		if info, err := fs.Stat(files, name); err != nil || info.IsDir() {
			if path.Ext(name) != "" {
				http.NotFound(w, r) // a file that is not there, not a page
				return
			}
			name = "index.html"
		}
		if strings.HasSuffix(name, ".html") {
			servePage(w, r, files, name, public)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "no-cache")
		if strings.HasPrefix(name, "assets/") {
			h.Set("Cache-Control", "public, max-age=31536000, immutable") // the name has a hash of the content
		}
		http.ServeFileFS(w, r, files, name) //nolint:gosec // an embedded tree; the name was cleaned
	})
}

func servePage(w http.ResponseWriter, r *http.Request, files fs.FS, name string, public *url.URL) {
	if !strings.EqualFold(r.Host, public.Host) {
		there := *public
		there.Path, there.RawQuery = r.URL.Path, r.URL.RawQuery
		http.Redirect(w, r, there.String(), http.StatusFound) //nolint:gosec // always to our own public URL
		return
	}
	page, err := fs.ReadFile(files, name)
	if err != nil {
		http.Error(w, "The front end was not built into this program. Build it with: make build", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", appPolicy)
	if strings.HasPrefix(name, "docs/") {
		h.Set("Content-Security-Policy", docsPolicy)
	}
	// The pop-up must keep its tie to the page that opened it while it visits Microsoft.
	h.Set("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
	h.Set("Cache-Control", "no-cache")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	// The client sees a broken connection by itself.
	_, _ = w.Write(page) //nolint:gosec // a page of ours, from the embedded tree
}
