// Package app builds each piece once, mounts the routes, registers the workers, starts and stops. It
// is the only package that sees everything.
package app

// @title        Latchkey
// @version      1.0
// @description  Latchkey holds account keys for Microsoft Graph and hands out fresh access tokens.
// @contact.name  The administrators of this Latchkey
//
// @securityDefinitions.oauth2.application  ApiClient
// @tokenUrl  /oauth/token
// @description  The JWT that /oauth/token answers an API client's id and secret with. Scopes are permissions.
//
// @securityDefinitions.apikey  Session
// @in    cookie
// @name  latchkey_session
// @description  A person's session. Where Latchkey is served by https, the cookie is called __Host-latchkey_session.
//
// @securityDefinitions.apikey  IdentityHeader
// @in    header
// @name  X-IDENTITY-HEADER
// @description  A secret of an API client, as Azure SDKs send what IDENTITY_HEADER holds.
//
// @securityDefinitions.basic  ClientSecret
//
// @tag.name         Account keys
// @tag.description  The stored credential of one Microsoft account.
//
// @tag.name         Authorizations
// @tag.description  Attempts to authorize an account key through Microsoft's sign-in and consent.
//
// @tag.name         Tokens
// @tag.description  Fresh access tokens for Microsoft Graph.
//
// @tag.name         Targets
// @tag.description  Named, bounded ways for programs to call Microsoft Graph with an account key, without its token.
//
// @tag.name         Graph calls
// @tag.description  Calls of Microsoft Graph through a target: method, body and answer as Graph has them.
//
// @tag.name         API clients
// @tag.description  Integrations, their secrets and what they may do.
//
// @tag.name         OAuth
// @tag.description  Where an API client exchanges its secret for a bearer token.
//
// @tag.name         People
// @tag.description  People, their roles and sessions.
//
// @tag.name         Audit log
// @tag.description  Who did what to which thing, when, from where, and whether it came about.
//
// @tag.name         Instance
// @tag.description  What this server is.
