package graphtarget

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/httpapi"
)

// call passes a request on, whatever its method.
func (a *API) call(c echo.Context) error {
	id, rest, err := opened(c)
	if err != nil {
		return err
	}
	return a.Caller.Call(c.Response(), c.Request(), id, rest)
}

// opened reads whose call it is, and prepares for an answer that comes from a mailbox.
func opened(c echo.Context) (id, rest string, err error) {
	if id, err = httpapi.PathID(c, "id"); err != nil {
		return "", "", err
	}
	return id, graphPath(c.Request()), httpapi.Hostile(c)
}

// graphPath is what follows /targets/{id}/graph, as it was written: decoding it, and encoding it again, would
// lose what was escaped.
func graphPath(r *http.Request) string {
	address, _, _ := strings.Cut(r.RequestURI, "?")
	if address == "" || address[0] != '/' { // a whole address, which some clients send
		address = r.URL.EscapedPath()
	}
	const before = 6 // "", api, v1, targets, the id, graph
	parts := strings.SplitN(address, "/", before+1)
	if len(parts) <= before {
		return ""
	}
	return "/" + parts[before]
}

// @Summary   Read from Microsoft Graph through a target
// @Description  Path, query, body and headers are passed on as they are, with the key's token in place of the caller's credentials, and Graph's answer comes back as it is. HEAD goes with GET. Failures of Graph have its own form and headers; those below are Latchkey's. With a cookie session, Sec-Fetch-Dest: empty is needed. @odata.nextLink and @odata.deltaLink lead through the target.
// @ID        callGet
// @Tags      Graph calls
// @Security  ApiClient[graph:call]
// @Param     id    path  string  true   "The target's id"
// @Param     path  path  string  true   "What follows the base path, escaped as it is to be sent; it may have slashes"
// @Success   200  {string}  string  "Graph's answer, with whatever status it has"
// @Failure   400  "The path cannot be passed on: code bad_path"
// @Failure   403  "The target doesn't allow it: code method_refused or path_refused"
// @Failure   404  "No such target, or Graph's answer"
// @Failure   409  "The target is switched off (target_disabled), or its key serves nothing: code never_authorized, reauthorization_required, misconfigured, suspended or revoked"
// @Failure   429  "Microsoft wants the mailbox left alone: code mailbox_throttled"
// @Failure   502  "Graph could not be reached: code graph_unreachable"
// @Failure   503  "Too much at once for one mailbox (mailbox_busy), or no fresh token: code microsoft_unavailable or cloud_not_configured"
// @Failure   504  "Graph did not answer in time, and may have done what it was asked to: code graph_timeout"
// @x-passed-on true
// @Router    /api/v1/targets/{id}/graph/{path} [get]
func (a *API) callGet(c echo.Context) error { return a.call(c) }

// @Summary   Create or do something in Microsoft Graph through a target
// @Description  Path, query, body and headers are passed on as they are, with the key's token in place of the caller's credentials, and Graph's answer comes back as it is. HEAD goes with GET. Failures of Graph have its own form and headers; those below are Latchkey's. With a cookie session, Sec-Fetch-Dest: empty is needed. In the answer to createUploadSession, uploadUrl leads through Latchkey. /$batch is taken at any target: each of its requests is looked at as if it were sent by itself, its url counted from Graph's version on.
// @ID        callPost
// @Tags      Graph calls
// @Security  ApiClient[graph:call]
// @Param     id    path  string  true   "The target's id"
// @Param     path  path  string  true   "What follows the base path, escaped as it is to be sent; it may have slashes"
// @Param     body  body  string  false  "Anything"
// @Success   200  {string}  string  "Graph's answer, with whatever status it has"
// @Failure   400  "The path cannot be passed on: code bad_path or bad_batch"
// @Failure   403  "The target doesn't allow it: code method_refused or path_refused or batch_item_refused, which names the item"
// @Failure   404  "No such target, or Graph's answer"
// @Failure   409  "The target is switched off (target_disabled), or its key serves nothing: code never_authorized, reauthorization_required, misconfigured, suspended or revoked"
// @Failure   429  "Microsoft wants the mailbox left alone: code mailbox_throttled"
// @Failure   502  "Graph could not be reached: code graph_unreachable"
// @Failure   503  "Too much at once for one mailbox (mailbox_busy), or no fresh token: code microsoft_unavailable or cloud_not_configured"
// @Failure   504  "Graph did not answer in time, and may have done what it was asked to: code graph_timeout"
// @x-passed-on true
// @Router    /api/v1/targets/{id}/graph/{path} [post]
func (a *API) callPost(c echo.Context) error { return a.call(c) }

// @Summary   Replace something in Microsoft Graph through a target
// @Description  Path, query, body and headers are passed on as they are, with the key's token in place of the caller's credentials, and Graph's answer comes back as it is. HEAD goes with GET. Failures of Graph have its own form and headers; those below are Latchkey's. With a cookie session, Sec-Fetch-Dest: empty is needed.
// @ID        callPut
// @Tags      Graph calls
// @Security  ApiClient[graph:call]
// @Param     id    path  string  true   "The target's id"
// @Param     path  path  string  true   "What follows the base path, escaped as it is to be sent; it may have slashes"
// @Param     body  body  string  false  "Anything"
// @Success   200  {string}  string  "Graph's answer, with whatever status it has"
// @Failure   400  "The path cannot be passed on: code bad_path"
// @Failure   403  "The target doesn't allow it: code method_refused or path_refused"
// @Failure   404  "No such target, or Graph's answer"
// @Failure   409  "The target is switched off (target_disabled), or its key serves nothing: code never_authorized, reauthorization_required, misconfigured, suspended or revoked"
// @Failure   429  "Microsoft wants the mailbox left alone: code mailbox_throttled"
// @Failure   502  "Graph could not be reached: code graph_unreachable"
// @Failure   503  "Too much at once for one mailbox (mailbox_busy), or no fresh token: code microsoft_unavailable or cloud_not_configured"
// @Failure   504  "Graph did not answer in time, and may have done what it was asked to: code graph_timeout"
// @x-passed-on true
// @Router    /api/v1/targets/{id}/graph/{path} [put]
func (a *API) callPut(c echo.Context) error { return a.call(c) }

// @Summary   Change something in Microsoft Graph through a target
// @Description  Path, query, body and headers are passed on as they are, with the key's token in place of the caller's credentials, and Graph's answer comes back as it is. HEAD goes with GET. Failures of Graph have its own form and headers; those below are Latchkey's. With a cookie session, Sec-Fetch-Dest: empty is needed.
// @ID        callPatch
// @Tags      Graph calls
// @Security  ApiClient[graph:call]
// @Param     id    path  string  true   "The target's id"
// @Param     path  path  string  true   "What follows the base path, escaped as it is to be sent; it may have slashes"
// @Param     body  body  string  false  "Anything"
// @Success   200  {string}  string  "Graph's answer, with whatever status it has"
// @Failure   400  "The path cannot be passed on: code bad_path"
// @Failure   403  "The target doesn't allow it: code method_refused or path_refused"
// @Failure   404  "No such target, or Graph's answer"
// @Failure   409  "The target is switched off (target_disabled), or its key serves nothing: code never_authorized, reauthorization_required, misconfigured, suspended or revoked"
// @Failure   429  "Microsoft wants the mailbox left alone: code mailbox_throttled"
// @Failure   502  "Graph could not be reached: code graph_unreachable"
// @Failure   503  "Too much at once for one mailbox (mailbox_busy), or no fresh token: code microsoft_unavailable or cloud_not_configured"
// @Failure   504  "Graph did not answer in time, and may have done what it was asked to: code graph_timeout"
// @x-passed-on true
// @Router    /api/v1/targets/{id}/graph/{path} [patch]
func (a *API) callPatch(c echo.Context) error { return a.call(c) }

// @Summary   Delete something in Microsoft Graph through a target
// @Description  Path, query, body and headers are passed on as they are, with the key's token in place of the caller's credentials, and Graph's answer comes back as it is. HEAD goes with GET. Failures of Graph have its own form and headers; those below are Latchkey's. With a cookie session, Sec-Fetch-Dest: empty is needed.
// @ID        callDelete
// @Tags      Graph calls
// @Security  ApiClient[graph:call]
// @Param     id    path  string  true   "The target's id"
// @Param     path  path  string  true   "What follows the base path, escaped as it is to be sent; it may have slashes"
// @Success   200  {string}  string  "Graph's answer, with whatever status it has"
// @Failure   400  "The path cannot be passed on: code bad_path"
// @Failure   403  "The target doesn't allow it: code method_refused or path_refused"
// @Failure   404  "No such target, or Graph's answer"
// @Failure   409  "The target is switched off (target_disabled), or its key serves nothing: code never_authorized, reauthorization_required, misconfigured, suspended or revoked"
// @Failure   429  "Microsoft wants the mailbox left alone: code mailbox_throttled"
// @Failure   502  "Graph could not be reached: code graph_unreachable"
// @Failure   503  "Too much at once for one mailbox (mailbox_busy), or no fresh token: code microsoft_unavailable or cloud_not_configured"
// @Failure   504  "Graph did not answer in time, and may have done what it was asked to: code graph_timeout"
// @x-passed-on true
// @Router    /api/v1/targets/{id}/graph/{path} [delete]
func (a *API) callDelete(c echo.Context) error { return a.call(c) }

// @Summary   Ask how far an upload is
// @Description  Leads to where Graph's upload session is, and nowhere else, without a token: its address is its credential.
// @ID        uploadGet
// @Tags      Graph calls
// @Security  ApiClient[graph:call]
// @Param     id      path  string  true   "The target's id"
// @Param     upload  path  string  true   "As uploadUrl has it"
// @Success   200  {string}  string  "The answer, with whatever status it has"
// @Failure   404  "No such target, or no such upload session: code upload_not_found"
// @Failure   409  "The target is switched off, or its key serves nothing"
// @Failure   429  "Microsoft wants the mailbox left alone: code mailbox_throttled"
// @Failure   502  "The other side could not be reached: code graph_unreachable"
// @Failure   503  "Too much at once for one mailbox (mailbox_busy), or no fresh token: code microsoft_unavailable or cloud_not_configured"
// @Failure   504  "The other side did not answer in time: code graph_timeout"
// @x-passed-on true
// @Router    /api/v1/targets/{id}/uploads/{upload} [get]
func (a *API) uploadGet(c echo.Context) error { return a.upload(c) }

// @Summary   Send the next part of an upload
// @Description  Leads to where Graph's upload session is, and nowhere else, without a token: its address is its credential. Content-Range says which part it is.
// @ID        uploadPut
// @Tags      Graph calls
// @Security  ApiClient[graph:call]
// @Param     id      path  string  true   "The target's id"
// @Param     upload  path  string  true   "As uploadUrl has it"
// @Param     Content-Range  header  string  false  "bytes 0-2097151/5242880"
// @Param     body  body  string  false  "Anything"
// @Success   200  {string}  string  "The answer, with whatever status it has"
// @Failure   404  "No such target, or no such upload session: code upload_not_found"
// @Failure   409  "The target is switched off, or its key serves nothing"
// @Failure   429  "Microsoft wants the mailbox left alone: code mailbox_throttled"
// @Failure   502  "The other side could not be reached: code graph_unreachable"
// @Failure   503  "Too much at once for one mailbox (mailbox_busy), or no fresh token: code microsoft_unavailable or cloud_not_configured"
// @Failure   504  "The other side did not answer in time: code graph_timeout"
// @x-passed-on true
// @Router    /api/v1/targets/{id}/uploads/{upload} [put]
func (a *API) uploadPut(c echo.Context) error { return a.upload(c) }

// @Summary   End an upload
// @Description  Leads to where Graph's upload session is, and nowhere else, without a token: its address is its credential.
// @ID        uploadDelete
// @Tags      Graph calls
// @Security  ApiClient[graph:call]
// @Param     id      path  string  true   "The target's id"
// @Param     upload  path  string  true   "As uploadUrl has it"
// @Success   200  {string}  string  "The answer, with whatever status it has"
// @Failure   404  "No such target, or no such upload session: code upload_not_found"
// @Failure   409  "The target is switched off, or its key serves nothing"
// @Failure   429  "Microsoft wants the mailbox left alone: code mailbox_throttled"
// @Failure   502  "The other side could not be reached: code graph_unreachable"
// @Failure   503  "Too much at once for one mailbox (mailbox_busy), or no fresh token: code microsoft_unavailable or cloud_not_configured"
// @Failure   504  "The other side did not answer in time: code graph_timeout"
// @x-passed-on true
// @Router    /api/v1/targets/{id}/uploads/{upload} [delete]
func (a *API) uploadDelete(c echo.Context) error { return a.upload(c) }

func (a *API) upload(c echo.Context) error {
	id, _, err := opened(c)
	if err != nil {
		return err
	}
	return a.Caller.Upload(c.Response(), c.Request(), id, c.Param("upload"))
}
