package entra

import "slices"

// numberedAdvice is what Microsoft's AADSTS numbers add to the standard error. Numbers change
// without notice, so nothing is decided by a number alone: see Error.Advice.
//
//nolint:gochecknoglobals // a constant table; Go has no constant maps
var numberedAdvice = index(adviceRows())

func adviceRows() []row {
	return slices.Concat(
		secretRows(), appRows(), tenantRows(), grantRows(), interactionRows(), policyRows(),
		consentRows(), accountRows(), scopeRows(), requestRows(), serviceRows(),
	)
}

// row gives one advice to several numbers that mean the same to an administrator.
type row struct {
	numbers []int
	advice  Advice
}

func index(rows []row) map[int]Advice {
	byNumber := map[int]Advice{}
	for _, row := range rows {
		for _, number := range row.numbers {
			byNumber[number] = row.advice
		}
	}
	return byNumber
}

func secretRows() []row {
	return []row{
		{[]int{7000215, 70002}, Advice{
			ClassConfiguration, FieldClientSecret, "invalid_client_secret",
			"The client secret is wrong. Most often the Secret ID was pasted instead of the Value, or part of it is missing.",
			"Create a new client secret in the app registration and copy its Value column at once.",
		}},
		{[]int{7000222}, Advice{
			ClassConfiguration, FieldClientSecret, "client_secret_expired",
			"The client secret has expired.",
			"Create a new client secret in the app registration and replace it here. Keys keep their authorization.",
		}},
		{[]int{7000218}, Advice{
			ClassConfiguration, FieldClientSecret, "client_secret_missing",
			"The app expects a client secret or certificate and got none.",
			"Enter the secret, and make sure that the redirect URI is registered under Web.",
		}},
		{[]int{700027, 50012, 50048, 700030}, Advice{
			ClassConfiguration, FieldClientSecret, "certificate_not_accepted",
			"The certificate that proves the app's identity is not accepted.",
			"Upload the certificate that belongs to the key under Certificates & secrets.",
		}},
		{[]int{700024}, Advice{
			ClassConfiguration, "", "clock_skewed",
			"The app's proof of identity is outside its time of validity.",
			"Set this server's clock right (NTP).",
		}},
	}
}

func appRows() []row {
	return []row{
		{[]int{700025}, Advice{
			ClassConfiguration, FieldRedirectURI, "public_client",
			"The app is registered as a public client and must not send a secret.",
			"Register the redirect URI under Web, not under Mobile and desktop applications.",
		}},
		{[]int{7000112, 70001}, Advice{
			ClassAdministrator, FieldClientID, "app_disabled",
			"The app is disabled in the tenant.",
			"In Enterprise applications open the app's Properties and enable it for users to sign in.",
		}},
		{[]int{700016, 700011}, Advice{
			ClassConfiguration, FieldClientID, "client_not_found",
			"No app with this client ID exists in the tenant.",
			"Compare the client ID and the tenant ID with the app's Overview page, and check the cloud.",
		}},
		{[]int{50011, 900971}, Advice{
			ClassConfiguration, FieldRedirectURI, "redirect_uri_not_registered",
			"The redirect URI is not registered for the app.",
			"Copy the redirect URI from here into the app's Authentication page, platform Web, letter by letter.",
		}},
		{[]int{500112}, Advice{
			ClassConfiguration, FieldRedirectURI, "redirect_uri_changed",
			"The redirect URI changed between the start and the end of the sign-in.",
			"Check Latchkey's public URL, then authorize again.",
		}},
		{[]int{700084}, Advice{
			ClassConfiguration, FieldRedirectURI, "spa_redirect_uri",
			"The redirect URI is registered as a single-page application, whose authorizations end after 24 hours.",
			"Move the redirect URI from Single-page application to Web, then authorize again.",
		}},
		{[]int{700054}, Advice{
			ClassConfiguration, "", "response_type_not_enabled",
			"The app does not allow the kind of answer that was asked for.",
			"Report this: Latchkey asks for a code, which every Web app allows.",
		}},
	}
}

func tenantRows() []row {
	return []row{
		{[]int{90002}, tenantNotFound()},
		{[]int{90038, 900382, 900432}, Advice{
			ClassConfiguration, FieldCloud, "wrong_cloud",
			"The tenant belongs to another Microsoft cloud than the one chosen.",
			"Choose the cloud in which the app is registered.",
		}},
		{[]int{900023}, Advice{
			ClassConfiguration, FieldTenantID, "tenant_malformed",
			"The tenant is neither an ID nor a domain name.",
			"Copy the Directory (tenant) ID from the app's Overview page; look for spaces and quotes.",
		}},
		{[]int{50194, 50059, 50128, 90019}, Advice{
			ClassConfiguration, FieldTenantID, "tenant_not_specific",
			"The request did not name the tenant that the app belongs to.",
			"Enter the Directory (tenant) ID from the app's Overview page.",
		}},
		{[]int{700005}, Advice{
			ClassConfiguration, FieldTenantID, "wrong_tenant",
			"The sign-in was made in another tenant than the key names.",
			"Use one tenant ID throughout: the Directory (tenant) ID from the app's Overview page.",
		}},
	}
}

func grantRows() []row {
	return []row{
		{[]int{54005}, Advice{
			ClassSignIn, "", "code_already_used",
			"This sign-in was already used once.",
			"Start the authorization again.",
		}},
		{[]int{70008}, Advice{
			ClassSignIn, "", "grant_expired",
			"The authorization has expired.",
			"Authorize the key again.",
		}},
		{[]int{70000}, Advice{
			ClassSignIn, "", "grant_invalid",
			"The authorization is no longer accepted: it was revoked, or belongs to another app or tenant.",
			"Authorize the key again.",
		}},
		{[]int{9002313}, Advice{
			ClassSignIn, "", "request_malformed",
			"What came back from the sign-in was damaged on the way.",
			"Start the authorization again.",
		}},
		{[]int{501481, 50147, 501491}, Advice{
			ClassSignIn, "", "pkce_mismatch",
			"The sign-in does not belong to the attempt that was started here.",
			"Start the authorization again. If it repeats, report it.",
		}},
		{[]int{700082}, Advice{
			ClassSignIn, "", "grant_inactive",
			"The authorization was not used for 90 days and has ended.",
			"Authorize the key again. Latchkey keeps it in use as long as it runs.",
		}},
		{[]int{70043}, Advice{
			ClassSignIn, "", "sign_in_frequency",
			"The tenant's policy asks for a new sign-in at regular intervals, and the interval is over.",
			"Authorize the key again, and have the administrator exempt the app from the sign-in frequency policy.",
		}},
		{[]int{50173, 50132, 50133}, Advice{
			ClassSignIn, "", "grant_revoked",
			"The authorization was revoked: the password was changed or reset, or the sessions were revoked.",
			"Authorize the key again.",
		}},
		{[]int{700020, 50089, 50085}, Advice{
			ClassSignIn, "", "interaction_required",
			"The sign-in service wants the person to sign in again.",
			"Authorize the key again.",
		}},
	}
}

func interactionRows() []row {
	return []row{
		{[]int{50078, 50076, 50074}, Advice{
			ClassSignIn, "", "mfa_required",
			"The account must confirm its sign-in by a second factor.",
			"Authorize the key again. If it repeats, a policy may ask for this at the server's address.",
		}},
		{[]int{50079, 50072}, Advice{
			ClassSignIn, "", "mfa_registration_required",
			"The account has to register for multi-factor authentication first.",
			"Have its owner sign in once and complete the registration, then authorize again.",
		}},
		{[]int{50158}, Advice{
			ClassSignIn, "", "external_challenge",
			"A second factor of another provider must be passed.",
			"Authorize the key again.",
		}},
		{[]int{50058}, Advice{
			ClassSignIn, "", "no_session",
			"Nobody is signed in, and the sign-in page was not allowed to ask.",
			"Authorize the key again.",
		}},
		{[]int{50140, 50135, 50125}, Advice{
			ClassSignIn, "", "sign_in_interrupted",
			"The sign-in stopped at a question of the sign-in page.",
			"Start the authorization again and answer the page's questions.",
		}},
	}
}

func policyRows() []row {
	return []row{
		{[]int{53000, 53001, 53002, 530003, 50097, 50129}, Advice{
			ClassAdministrator, "", "device_policy",
			"A Conditional Access policy asks for a managed device or an approved app, which a server is not.",
			"Have the tenant's administrator exempt the app or the account from that policy.",
		}},
		{[]int{53003}, Advice{
			ClassAdministrator, "", "conditional_access",
			"A Conditional Access policy of the tenant blocks this sign-in.",
			"Look at the entry in Entra's sign-in log, tab Conditional Access, and adjust the policy for the app " +
				"or for the server's address.",
		}},
		{[]int{530032, 530035, 53004, 53011}, Advice{
			ClassAdministrator, "", "security_policy",
			"The tenant's security policy or security defaults block this sign-in.",
			"Have the tenant's administrator look at the entry in Entra's sign-in log.",
		}},
		{[]int{500021, 500022}, Advice{
			ClassAdministrator, "", "tenant_restrictions",
			"A network proxy restricts which tenants can be reached from here.",
			"Have the network's administrator allow this tenant.",
		}},
		{[]int{500212, 500213}, Advice{
			ClassAdministrator, "", "cross_tenant_policy",
			"A cross-tenant access policy blocks this sign-in.",
			"Have the tenant's administrator adjust the cross-tenant access settings.",
		}},
	}
}

func consentRows() []row {
	return []row{
		{[]int{65001}, consentRequired()},
		{[]int{65004}, declined()},
		{[]int{65005, 650056, 650057}, Advice{
			ClassConfiguration, FieldScopes, "permissions_not_registered",
			"The app registration does not list the permissions that are asked for.",
			"Add the delegated Microsoft Graph permissions under API permissions.",
		}},
		{[]int{650052}, Advice{
			ClassAdministrator, "", "service_not_subscribed",
			"The organisation has no subscription to the service behind these permissions.",
			"Have the tenant's administrator assign the licence.",
		}},
		{[]int{90094, 90093}, Advice{
			ClassAdministrator, FieldScopes, "admin_consent_required",
			"Only an administrator may consent to these permissions in this tenant.",
			"Have an administrator choose Grant admin consent on the app's API permissions page, then authorize again.",
		}},
		{[]int{90095}, Advice{
			ClassAdministrator, FieldScopes, "admin_approval_requested",
			"The permissions wait for an administrator's approval.",
			"Approve the request under Enterprise applications, Admin consent requests, then authorize again.",
		}},
	}
}

func accountRows() []row {
	return []row{
		{[]int{50105}, Advice{
			ClassAdministrator, "", "user_not_assigned",
			"The account is not assigned to the app, and the app requires it.",
			"Assign the account under Enterprise applications, Users and groups, or switch off Assignment required.",
		}},
		{[]int{50020, 16000, 50014}, Advice{
			ClassSignIn, FieldTenantID, "account_not_in_tenant",
			"The account that signed in does not belong to this tenant.",
			"Sign in with an account of the tenant, or have this one invited as a guest.",
		}},
		{[]int{50034}, Advice{
			ClassSignIn, "", "user_not_found",
			"The tenant has no account with this name.",
			"Check the address, then start the authorization again.",
		}},
		{[]int{50126}, Advice{
			ClassSignIn, "", "wrong_password",
			"The name or the password was wrong.",
			"Start the authorization again.",
		}},
		{[]int{50053}, Advice{
			ClassTransient, "", "account_locked",
			"The account is locked for a while, or the server's address is blocked.",
			"Wait, or have the tenant's administrator unlock the account.",
		}},
		{[]int{50055}, Advice{
			ClassSignIn, "", "password_expired",
			"The account's password has expired.",
			"Have its owner change the password, then authorize the key again.",
		}},
		{[]int{50057}, Advice{
			ClassAdministrator, "", "account_disabled",
			"The account is disabled.",
			"Have the tenant's administrator enable the account, or use another mailbox.",
		}},
		{[]int{51004}, Advice{
			ClassAdministrator, "", "account_deleted",
			"The account no longer exists in the tenant.",
			"Have the tenant's administrator restore the account, or use another mailbox.",
		}},
	}
}

func scopeRows() []row {
	return []row{
		{[]int{70011, 28002, 28003, 700023}, Advice{
			ClassConfiguration, FieldScopes, "invalid_scope",
			"The list of permissions is empty, or holds one that the sign-in service does not accept.",
			"Use the standard permissions, spelled as in the Graph permissions reference.",
		}},
		{[]int{700022}, Advice{
			ClassConfiguration, FieldScopes, "scopes_of_several_services",
			"The list of permissions mixes those of several services.",
			"Use Microsoft Graph permissions only.",
		}},
		{[]int{500011, 50001}, Advice{
			ClassConfiguration, FieldCloud, "invalid_resource",
			"The tenant does not know the Graph address that the permissions are for.",
			"Choose the cloud in which the app is registered, and check its Graph address.",
		}},
	}
}

func requestRows() []row {
	return []row{
		{[]int{90023, 90014, 900144}, Advice{
			ClassConfiguration, "", "request_incomplete",
			"The sign-in service misses a part of the request.",
			"Look for an empty field in the key. If there is none, report this as a fault of Latchkey.",
		}},
		{[]int{70003}, Advice{
			ClassConfiguration, "", "unsupported_grant_type",
			"The sign-in service does not support this kind of request.",
			"Report this as a fault of Latchkey.",
		}},
		{[]int{901002, 240002}, Advice{
			ClassConfiguration, "", "request_not_accepted",
			"The sign-in service does not accept the form of the request.",
			"Report this as a fault of Latchkey.",
		}},
	}
}

// serviceRows are all transient. That includes trouble which Microsoft says does not pass by itself
// (90036, 90092, 50000): it comes as server_error, and no outage may cost a grant.
func serviceRows() []row {
	return []row{
		{[]int{50196}, Advice{
			ClassTransient, "", "request_loop",
			"The sign-in service saw the same request too often and has stopped answering it for a while.",
			"Latchkey waits before it tries again. Look for another program that uses the same app.",
		}},
		{[]int{90055}, throttled()},
		{[]int{90033, 90024, 90006, 90090, 50033, 50087, 50088, 90012}, serviceTrouble()},
		{[]int{90036, 90092, 50000}, Advice{
			ClassTransient, "", "microsoft_fault",
			"The sign-in service has a problem of its own that may not pass by itself.",
			"Wait for the next try. If it stays, open a case with Microsoft and give it the ids shown here.",
		}},
	}
}
