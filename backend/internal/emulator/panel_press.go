package emulator

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func clockPresses() []press {
	return []press{
		{Do: "advance 10m", Label: "+ 10 minutes", Effect: "Codes expire."},
		{Do: "advance 90m", Label: "+ 90 minutes", Effect: "Access tokens expire."},
		{Do: "advance 24h", Label: "+ 1 day", Effect: "Refresh tokens of single-page apps expire."},
		{Do: "advance 2160h", Label: "+ 90 days", Effect: "Refresh tokens that were not used expire: 700082."},
		{Do: "advance 8784h", Label: "+ 1 year", Effect: "Client secrets expire: 7000222."},
		{Do: "skew 10m", Label: "10 minutes ahead", Effect: "Everything is issued with the clock of a machine that runs ahead."},
		{Do: "skew -10m", Label: "10 minutes behind", Effect: "The same for a clock that runs behind."},
		{Do: "skew 0s", Label: "This machine's time", Effect: "Back to the real time. What was issued keeps its dates."},
	}
}

func either(on bool, yes, no press) press {
	if on {
		return yes
	}
	return no
}

func personPresses(u *user) []press {
	return []press{
		either(u.Enabled, press{Do: "block", Label: "Block", Effect: "Refresh fails with 50057; the sign-in page says so."}, press{Do: "unblock", Label: "Unblock", Effect: "May sign in and be refreshed again."}),
		either(u.Locked, press{Do: "unlock", Label: "Unlock", Effect: "May type a password again."}, press{Do: "lock", Label: "Lock", Effect: "The sign-in page says that the account is locked, 50053."}),
		{Do: "revoke", Label: "Revoke sessions", Effect: "Refresh fails with 50173 until the person signs in again."},
		{Do: "reset-password", Label: "Reset password", Effect: "A new password, and sessions revoked, as in the Entra admin center: 50173."},
		{Do: "change-password", Label: "Change password", Effect: "A new password of the person's own making; refresh tokens stay good."},
		either(u.PasswordExpired, press{Do: "password-good", Label: "Let the password be", Effect: "No change is asked for."}, press{Do: "expire-password", Label: "Expire password", Effect: "The next sign-in asks for a new one, 50055."}),
		{Do: "challenge", Label: "Challenge tokens", Effect: "Graph answers 401 insufficient_claims to the tokens given so far, for clients that declared cp1."},
		either(u.MFA, press{Do: "mfa-off", Label: "No second factor", Effect: "A password is enough."}, press{Do: "mfa-on", Label: "Second factor", Effect: "The next sign-in asks for a code."}),
		either(u.HasMailbox, press{Do: "mailbox-off", Label: "Take the mailbox away", Effect: "Graph answers 404 MailboxNotEnabledForRESTAPI; its mail is gone."}, press{Do: "mailbox-on", Label: "Give a mailbox", Effect: "An empty one."}),
		{Do: "unconsent", Label: "Remove consent", Effect: "The person's own consent to every application; refresh fails with 65001 unless an administrator consented for all."},
		{Do: "delete-person", Label: "Delete", Effect: "Refresh fails with 51004. Only starting over brings the person back."},
	}
}

func appPresses(a *app) []press {
	return []press{
		either(a.enabled, press{Do: "disable-app", Label: "Disable", Effect: "Sign-in and tokens fail with 7000112."}, press{Do: "enable-app", Label: "Enable", Effect: "Works again."}),
		{Do: "expire-secrets", Label: "Expire secrets", Effect: "Token requests fail with 7000222."},
		{Do: "remove-secrets", Label: "Delete secrets", Effect: "Token requests fail with 7000215."},
		{Do: "add-secret", Label: "Add a secret", Effect: "Another one, good for a year, beside what is there."},
		{Do: "grant", Label: "Grant admin consent", Effect: "To all registered permissions, for everybody: nobody is asked any more."},
		{Do: "ungrant", Label: "Remove all consent", Effect: "Refresh fails with 65001 until somebody consents again."},
		either(a.assignment, press{Do: "assign-off", Label: "Let everybody in", Effect: "No assignment is needed."}, press{Do: "assign-on", Label: "Require assignment", Effect: "Of nobody so far: sign-in and refresh fail with 50105."}),
		{Do: "delete-app", Label: "Delete", Effect: "Everything fails with 700016. Only starting over brings it back."},
	}
}

// verb does the work of a button. Target is whose button it is; arg is what stands behind the verb.
type verb func(e *Emulator, target, arg string, form url.Values) (said string, err error)

// pressPanel takes the form of one button and shows the page again.
func (e *Emulator) pressPanel(c *call) {
	var foreign http.CrossOriginProtection
	if err := foreign.Check(c.r); err != nil {
		c.raw(http.StatusForbidden, "text/plain; charset=utf-8", err.Error())
		return
	}
	name, arg, _ := strings.Cut(c.form.Get("do"), " ")
	do := panelVerbs()[name]
	if do == nil {
		do = func(*Emulator, string, string, url.Values) (string, error) {
			return "", fmt.Errorf("no button %q", name)
		}
	}
	said, err := do(e, c.form.Get("on"), arg, c.form)
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		e.panel(c, http.StatusUnprocessableEntity, err.Error())
		return
	}
	e.said = said
	c.status = http.StatusSeeOther
	c.header.Set("Location", panelPath+"#"+url.QueryEscape(c.form.Get("section")))
}

func panelVerbs() map[string]verb {
	verbs := map[string]verb{
		"advance": func(e *Emulator, _, arg string, _ url.Values) (string, error) {
			d, err := time.ParseDuration(arg)
			if err == nil {
				e.Advance(d)
			}
			return "The clock was moved by " + arg + ".", err
		},
		"skew": func(e *Emulator, _, arg string, _ url.Values) (string, error) {
			d, err := time.ParseDuration(arg)
			if err == nil {
				e.SetSkew(d)
			}
			return "The clock is now " + skewText(d) + ".", err
		},
		"reset": func(e *Emulator, _, _ string, _ url.Values) (string, error) {
			e.Reset()
			return "Everything is as in the beginning.", nil
		},
		"rotate": func(e *Emulator, _, _ string, _ url.Values) (string, error) {
			e.RotateKeys()
			return "A new key signs from now on.", nil
		},
		"forget": func(e *Emulator, _, _ string, _ url.Values) (string, error) {
			e.ForgetRequests()
			return "Requests and counters were forgotten.", nil
		},
		"approve": func(e *Emulator, _, arg string, _ url.Values) (string, error) {
			return "The request was approved.", e.DecideConsentRequest(arg, true)
		},
		"deny": func(e *Emulator, _, arg string, _ url.Values) (string, error) {
			return "The request was denied.", e.DecideConsentRequest(arg, false)
		},
		"delete-tenant": func(e *Emulator, _, arg string, _ url.Values) (string, error) {
			return "The directory was deleted.", e.DeleteTenant(arg)
		},
		"restore-tenant": func(e *Emulator, _, arg string, _ url.Values) (string, error) {
			return "The directory is back.", e.RestoreTenant(arg)
		},
		"settings": func(e *Emulator, _, _ string, form url.Values) (string, error) {
			return "The switches were set.", e.settingsFromForm(form)
		},
	}
	for _, part := range []map[string]verb{failureVerbs(), personVerbs(), appVerbs()} {
		for name, do := range part {
			verbs[name] = do
		}
	}
	return verbs
}

func failureVerbs() map[string]verb {
	return map[string]verb{
		"preset": func(e *Emulator, _, arg string, form url.Values) (string, error) {
			p, known := findPreset(arg)
			if !known {
				return "", fmt.Errorf("no preset %q", arg)
			}
			p.Failure.Name = p.Label
			return "In force: " + p.Label + ". " + p.Effect, e.failFromForm(p.Failure, form)
		},
		"order": func(e *Emulator, _, _ string, form url.Values) (string, error) {
			f, err := orderFromForm(form)
			if err != nil {
				return "", err
			}
			return "The failure is in force.", e.failFromForm(f, form)
		},
		"clear": func(e *Emulator, _, arg string, _ url.Values) (string, error) {
			e.ClearFailure(arg)
			return "The failure was cleared.", nil
		},
		"clear-all": func(e *Emulator, _, _ string, _ url.Values) (string, error) {
			e.ClearFailures()
			return "All failures were cleared.", nil
		},
	}
}

func personVerbs() map[string]verb {
	change := func(said string, do func(*User)) verb {
		return func(e *Emulator, target, _ string, _ url.Values) (string, error) {
			return e.User(target).DisplayName + " " + said, e.ChangeUser(target, do)
		}
	}
	password := func(said string, revoke bool) verb {
		return func(e *Emulator, target, _ string, _ url.Values) (string, error) {
			who := e.User(target)
			alias, _, _ := strings.Cut(who.UserPrincipalName, "@")
			fresh := alias + "-" + strings.ToLower(deriveSecret(who.Password, target)[4:10])
			return said + who.DisplayName + ": " + fresh, e.ResetPassword(target, fresh, revoke)
		}
	}
	return map[string]verb{
		"block":           change("is blocked.", func(u *User) { u.Enabled = false }),
		"unblock":         change("is no longer blocked.", func(u *User) { u.Enabled = true }),
		"lock":            change("is locked out.", func(u *User) { u.Locked = true }),
		"unlock":          change("is no longer locked out.", func(u *User) { u.Locked = false }),
		"expire-password": change("has to change the password.", func(u *User) { u.PasswordExpired = true }),
		"password-good":   change("may keep the password.", func(u *User) { u.PasswordExpired = false }),
		"mfa-on":          change("needs a second factor.", func(u *User) { u.MFA = true }),
		"mfa-off":         change("needs no second factor.", func(u *User) { u.MFA = false }),
		"mailbox-on":      change("has a mailbox.", func(u *User) { u.HasMailbox = true }),
		"mailbox-off":     change("has no mailbox any more.", func(u *User) { u.HasMailbox = false }),
		"reset-password":  password("Password and sessions were reset. The new password of ", true),
		"change-password": password("The password was changed. The new password of ", false),
		"revoke": func(e *Emulator, target, _ string, _ url.Values) (string, error) {
			return "Every session of " + e.User(target).DisplayName + " was revoked.", e.RevokeSessions(target)
		},
		"challenge": func(e *Emulator, target, _ string, _ url.Values) (string, error) {
			return "Tokens of " + e.User(target).DisplayName + " are challenged.", e.Challenge(target)
		},
		"unconsent": func(e *Emulator, target, _ string, _ url.Values) (string, error) {
			for _, a := range e.Apps() {
				if err := e.RemoveConsent(a.ClientID, target); err != nil {
					return "", err
				}
			}
			return "The consent of " + e.User(target).DisplayName + " was removed.", nil
		},
		"delete-person": func(e *Emulator, target, _ string, _ url.Values) (string, error) {
			return e.User(target).DisplayName + " was deleted.", e.DeleteUser(target)
		},
	}
}

func appVerbs() map[string]verb {
	plain := func(said string, do func(e *Emulator, clientID string) error) verb {
		return func(e *Emulator, target, _ string, _ url.Values) (string, error) { return said, do(e, target) }
	}
	return map[string]verb{
		"disable-app":    plain("The application is disabled.", func(e *Emulator, id string) error { return e.SetAppEnabled(id, false) }),
		"enable-app":     plain("The application is enabled.", func(e *Emulator, id string) error { return e.SetAppEnabled(id, true) }),
		"expire-secrets": plain("Its secrets have expired.", func(e *Emulator, id string) error { return e.ExpireSecret(id, "") }),
		"remove-secrets": plain("Its secrets were deleted.", func(e *Emulator, id string) error { return e.RemoveSecret(id, "") }),
		"grant":          plain("Consent was granted for everybody.", func(e *Emulator, id string) error { return e.GrantAdminConsent(id) }),
		"ungrant":        plain("All consent was removed.", func(e *Emulator, id string) error { return e.RemoveConsent(id, "") }),
		"assign-on":      plain("Only people who are assigned get in, and nobody is.", func(e *Emulator, id string) error { return e.RequireAssignment(id, true) }),
		"assign-off":     plain("Everybody gets in.", func(e *Emulator, id string) error { return e.RequireAssignment(id, false) }),
		"delete-app":     plain("The application was deleted.", (*Emulator).DeleteApp),
		"add-secret": func(e *Emulator, target, _ string, _ url.Values) (string, error) {
			s, err := e.AddSecret(target, "", 0)
			return "The new secret: " + s.Value, err
		},
	}
}

// failFromForm puts a failure in force for whom and how often the form says.
func (e *Emulator) failFromForm(f Failure, form url.Values) error {
	times, err := strconv.Atoi(orDefault(form.Get("times"), "1"))
	if err != nil {
		return fmt.Errorf("how often: %w", err)
	}
	skip, err := strconv.Atoi(orDefault(form.Get("skip"), "0"))
	if err != nil {
		return fmt.Errorf("let through first: %w", err)
	}
	f.Times, f.Skip, f.User, f.ClientID, f.Tenant = times, skip, form.Get("user"), form.Get("app"), form.Get("tenant")
	if err := e.checkFailure(f); err != nil {
		return err
	}
	e.Fail(f)
	return nil
}

// orderFromForm reads a failure made to order.
func orderFromForm(form url.Values) (Failure, error) {
	var f Failure
	f.Endpoint, f.Detail, _ = strings.Cut(form.Get("where"), " ")
	for to, name := range map[*int]string{&f.AADSTS: "code", &f.Status: "status"} {
		n, err := strconv.Atoi(orDefault(form.Get(name), "0"))
		if err != nil {
			return f, fmt.Errorf("%s: %w", name, err)
		}
		*to = n
	}
	if f.Endpoint == EndpointAuthorize && f.Detail != "" {
		back := f.Detail == "redirect"
		f.AsRedirect, f.Detail = &back, ""
	}
	f.Error, f.Claims, f.HTML = form.Get("error"), form.Get("claims"), form.Get("body") == "html"
	if sub := form.Get("suberror"); sub != "" {
		f.SubError = &sub
	}
	wait := orDefault(form.Get("retry-after"), "30")
	switch form.Get("retry") {
	case "seconds":
		f.RetryAfter = wait
	case "date":
		d, err := time.ParseDuration(wait + "s")
		if err != nil {
			return f, fmt.Errorf("Retry-After: %w", err)
		}
		f.RetryAfterDate = d
	}
	late := form.Get("late")
	if f.Hold = late == "held"; late != "" && !f.Hold {
		d, err := time.ParseDuration(late)
		if err != nil {
			return f, fmt.Errorf("late: %w", err)
		}
		f.Delay = d
	}
	f.Drop, f.Reset = strings.CutPrefix(form.Get("connection"), "reset ")
	f.After = form.Has("after")
	f.Truncate = form.Has("truncate")
	if !slices.ContainsFunc([]string{"code", "status", "late", "connection", "truncate"}, func(name string) bool { return form.Get(name) != "" }) && !f.HTML {
		return f, fmt.Errorf("the failure does nothing: choose a code, a status, or what happens to the connection")
	}
	return f, nil
}

// settingsFromForm sets all switches of the form; a box that isn't ticked is off.
func (e *Emulator) settingsFromForm(form url.Values) error {
	text := func(name string) *string { v := form.Get(name); return &v }
	ticked := func(name string) *bool { v := form.Has(name); return &v }
	limit, err := strconv.Atoi(form.Get("loopLimit"))
	if err != nil {
		return fmt.Errorf("loop limit: %w", err)
	}
	next, err := settingsJSON{
		TokenLifetime: text("tokenLifetime"), ScopeForm: text("scopeForm"), OpaqueAccessTokens: ticked("opaqueAccessTokens"),
		ConsentPolicy: text("consentPolicy"), AdminConsentWorkflow: ticked("adminConsentWorkflow"), DeclineError: text("declineError"),
		RequireMFA: ticked("requireMfa"), SignInFrequency: text("signInFrequency"), LoopLimit: &limit, DeliveryDelay: text("deliveryDelay"),
	}.over(e.Settings())
	if err != nil {
		return err
	}
	e.Configure(func(s *Settings) { *s = next })
	return nil
}
