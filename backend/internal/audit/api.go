package audit

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/page"
)

// API serves the audit log.
type API struct {
	Service *Service
}

// Mount adds the routes.
func (a *API) Mount(r httpapi.Router) {
	r.GET("/audit-entries", auth.AuditRead, a.list)
	// All of the log takes as long as its reader does, within reason.
	r.Limited(httpapi.Limits{AnswerTime: time.Hour}).GET("/audit-entries/export", auth.AuditRead, a.export)
	r.GET("/audit-entries/:id", auth.AuditRead, a.get)
}

// ActorView is how callers see who did something.
type ActorView struct {
	Type auth.PrincipalType `json:"type" validate:"required"`
	ID   string             `json:"id" validate:"required"`
	Name string             `json:"name" validate:"required"`
} // @name Actor

// ChangeView is how callers see what became of one field.
type ChangeView struct {
	Field  string  `json:"field" validate:"required" example:"displayName"`
	Before *string `json:"before" validate:"required"` // As text, a list with commas; null: there was nothing
	After  *string `json:"after" validate:"required"`  // The same; of a secret only set, replaced or removed
} // @name AuditChange

type objectView struct {
	Type    ObjectType `json:"type" validate:"required"`
	ID      string     `json:"id" validate:"required"`      // Empty when nothing is known by that name
	Name    string     `json:"name" validate:"required"`    // As it was called then
	Deleted bool       `json:"deleted" validate:"required"` // Gone by now
} // @name AuditObject

type entryView struct {
	ID        string       `json:"id" validate:"required"`
	At        time.Time    `json:"at" validate:"required"`
	Action    Action       `json:"action" validate:"required"`
	Outcome   Outcome      `json:"outcome" validate:"required"`
	Message   string       `json:"message" validate:"required"`
	Actor     ActorView    `json:"actor" validate:"required"`
	Object    objectView   `json:"object" validate:"required"`
	Changes   []ChangeView `json:"changes" validate:"required"`
	RequestID string       `json:"requestId" validate:"required"` // Empty for what Latchkey did by itself
	IP        string       `json:"ip" validate:"required"`        // Empty for what Latchkey did by itself
} // @name AuditEntry

type entryPage page.Page[entryView] // @name AuditEntryPage

func viewOf(e Entry) entryView {
	return entryView{
		ID: e.ID, At: e.At, Action: e.Action, Outcome: e.Outcome, Message: e.Message, Actor: e.Actor(),
		Object:  objectView{Type: e.ObjectType, ID: e.ObjectID, Name: e.ObjectName, Deleted: e.ObjectDeleted},
		Changes: e.Changes.View(), RequestID: e.RequestID, IP: e.IP,
	}
}

// Actor returns who did it, as callers see them.
func (e Entry) Actor() ActorView {
	return ActorView{Type: e.ActorType, ID: e.ActorID, Name: e.ActorName}
}

// View returns the changes as callers see them; never null.
func (c Changes) View() []ChangeView {
	views := make([]ChangeView, 0, len(c))
	for _, change := range c {
		views = append(views, ChangeView(change))
	}
	return views
}

// @Summary   List audit entries, newest first
// @Description  An API client sees the entries that hang on account keys it may use.
// @ID        listAuditEntries
// @Tags      Audit log
// @Security  ApiClient[audit:read]
// @Param     limit       query  int     false  "At most this many"  minimum(1) maximum(200) default(50)
// @Param     cursor      query  string  false  "nextCursor of the page before"
// @Param     actorType   query  string  false  "Only what such actors did"  Enums(user, api_client, system, anonymous)
// @Param     actorId     query  string  false  "Only what this actor did"
// @Param     action      query  string  false  "Only this action, or with a dot at the end those that begin so: account_key.updated, account_key."
// @Param     objectType  query  string  false  "Only what was done to such things"  Enums(account_key, api_client, user, signing_key, master_key, audit_log)
// @Param     objectId    query  string  false  "Only what was done to this thing"
// @Param     outcome     query  string  false  "Only what succeeded, or failed"  Enums(success, failure)
// @Param     since       query  string  false  "From this time on, RFC 3339"  format(date-time)
// @Param     until       query  string  false  "Before this time, RFC 3339"  format(date-time)
// @Param     q           query  string  false  "Words that an entry contains, in names, ids, addresses, its message or its changes"
// @Success   200  {object}  entryPage
// @Failure   422  "A parameter is wrong"
// @Router    /api/v1/audit-entries [get]
func (a *API) list(c echo.Context) error {
	f, err := filterOf(c.QueryParams(), "limit", "cursor")
	if err != nil {
		return err
	}
	r, err := httpapi.Page(c)
	if err != nil {
		return err
	}
	rows, err := a.Service.List(c.Request().Context(), f, r)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, entryPage(page.Cut(rows, r.Limit, func(e Entry) string { return e.ID }, viewOf)))
}

// @Summary   Export audit entries, newest first
// @Description  All that match, however many, as NDJSON: each line is one AuditEntry. Entries that come
// @Description  while the answer is under way are left out. An answer that breaks off is not complete.
// @Description  The export is an entry itself.
// @ID        exportAuditEntries
// @Tags      Audit log
// @Security  ApiClient[audit:read]
// @Produce   application/x-ndjson
// @Param     actorType   query  string  false  "Only what such actors did"  Enums(user, api_client, system, anonymous)
// @Param     actorId     query  string  false  "Only what this actor did"
// @Param     action      query  string  false  "Only this action, or with a dot at the end those that begin so: account_key.updated, account_key."
// @Param     objectType  query  string  false  "Only what was done to such things"  Enums(account_key, api_client, user, signing_key, master_key, audit_log)
// @Param     objectId    query  string  false  "Only what was done to this thing"
// @Param     outcome     query  string  false  "Only what succeeded, or failed"  Enums(success, failure)
// @Param     since       query  string  false  "From this time on, RFC 3339"  format(date-time)
// @Param     until       query  string  false  "Before this time, RFC 3339"  format(date-time)
// @Param     q           query  string  false  "Words that an entry contains, in names, ids, addresses, its message or its changes"
// @Success   200  {file}  file
// @Header    200  {string}  Content-Disposition  "A file name with the date"
// @Failure   422  "A parameter is wrong"
// @Router    /api/v1/audit-entries/export [get]
func (a *API) export(c echo.Context) error {
	f, err := filterOf(c.QueryParams())
	if err != nil {
		return err
	}
	name := "latchkey-audit-" + a.Service.Now().Format("2006-01-02T150405Z") + ".ndjson"
	if c.Request().Method == http.MethodHead { // nothing leaves, so nothing is read or recorded
		if err := f.check(); err != nil {
			return err
		}
		return httpapi.Lines(c, name, func(func(Entry, error) bool) {}, viewOf)
	}
	rows, err := a.Service.Export(c.Request().Context(), f)
	if err != nil {
		return err
	}
	return httpapi.Lines(c, name, rows, viewOf)
}

// @Summary   Get an audit entry
// @Description  Of a secret it tells only that it was set, replaced or removed.
// @ID        getAuditEntry
// @Tags      Audit log
// @Security  ApiClient[audit:read]
// @Param     id  path  string  true  "The entry's id"
// @Success   200  {object}  entryView
// @Failure   404  "No such entry, or not on an account key that this API client may use"
// @Router    /api/v1/audit-entries/{id} [get]
func (a *API) get(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	e, err := a.Service.Get(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewOf(e))
}

// filterOf reads the query. A parameter that doesn't exist, or is there twice, is refused: whoever
// misspells one would take the whole log for what they asked for.
func filterOf(query url.Values, also ...string) (Filter, error) {
	var wrong fault.Fields
	known := append([]string{
		"actorType", "actorId", "action", "objectType", "objectId", "outcome", "since", "until", "q",
	}, also...)
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !slices.Contains(known, name) {
			wrong.Add(name, "unknown", "Leave this parameter out, or check its spelling.")
		} else if len(query[name]) > 1 {
			wrong.Add(name, "repeated", "Give this parameter once.")
		}
	}
	moment := func(name string) time.Time {
		text := query.Get(name)
		if text == "" {
			return time.Time{}
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil || at.IsZero() {
			wrong.Add(name, "invalid", "Write the time as 2026-03-01T09:00:00Z. In an address, the + of an offset is written %2B.")
		}
		return at.UTC()
	}
	f := Filter{
		ActorType: auth.PrincipalType(query.Get("actorType")), ActorID: query.Get("actorId"), Action: query.Get("action"),
		ObjectType: ObjectType(query.Get("objectType")), ObjectID: query.Get("objectId"),
		Outcome: Outcome(query.Get("outcome")), Since: moment("since"), Until: moment("until"), Query: query.Get("q"),
	}
	return f, wrong.Err()
}
