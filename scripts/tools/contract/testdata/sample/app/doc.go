// Package app is a sample of what the program reads.
package app

// @title    Sample
// @version  1.0
// @description  A sample.
//
// @securityDefinitions.oauth2.application  ApiClient
// @tokenUrl  /oauth/token
//
// @securityDefinitions.apikey  Session
// @in    cookie
// @name  sample_session
//
// @securityDefinitions.basic  ClientSecret
//
// @tag.name         Keys
// @tag.description  Keys of a sample.
