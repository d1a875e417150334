package entra

// adviceForReason covers what no provider's error code says: our own findings.
//
//nolint:funlen // one entry per reason; splitting it would hide that the list is complete
func adviceForReason(found reason) Advice {
	switch found {
	case reasonCancelled:
		return Advice{
			ClassTransient, "", "cancelled",
			"The call was cut off on our side before an answer came.", "Try again.",
		}
	case reasonTimeout:
		return Advice{
			ClassTransient, "", "microsoft_timeout",
			"The sign-in service did not answer in time.",
			"Nothing to do: Latchkey tries again. If it lasts, check this server's way to the internet.",
		}
	case reasonUnreachable:
		return Advice{
			ClassTransient, "", "microsoft_unreachable",
			"The sign-in service cannot be reached from this server.",
			"Check this server's DNS, firewall and proxy, and the authority address of the cloud.",
		}
	case reasonUntrusted:
		return Advice{
			ClassTransient, "", "untrusted_certificate",
			"The certificate of the sign-in service is not trusted by this server.",
			"If a proxy inspects TLS, or the authority has a certificate of its own, install its CA on this server.",
		}
	case reasonUnexpected:
		return Advice{
			ClassTransient, "", "unexpected_answer",
			"The answer was not one that a sign-in service gives. Something in between may have written it.",
			"Latchkey tries again. If it lasts, check proxies on the way and the authority address of the cloud.",
		}
	case reasonTenantMalformed:
		return Advice{
			ClassConfiguration, FieldTenantID, "tenant_malformed",
			"The tenant is neither an ID nor a domain name.",
			"Copy the Directory (tenant) ID from the app's Overview page; look for spaces and quotes.",
		}
	case reasonTenantNotSpecific:
		return Advice{
			ClassConfiguration, FieldTenantID, "tenant_not_specific",
			"The tenant must be one tenant, not common, organizations or consumers.",
			"Copy the Directory (tenant) ID from the app's Overview page.",
		}
	case reasonDiscoveryNotFound:
		// Not the configuration's fault for certain: a broken proxy answers 404 as well, and that
		// must not cost a grant. The field tells the wizard where to look.
		return Advice{
			ClassTransient, FieldTenantID, "discovery_not_found",
			"The authority has no OpenID configuration for this tenant.",
			"Compare the tenant with the Directory (tenant) ID on the app's Overview page, and check the cloud.",
		}
	case reasonDiscoveryInvalid:
		return Advice{
			ClassTransient, FieldCloud, "discovery_invalid",
			"The authority's OpenID configuration is incomplete or names addresses that are not secure.",
			"Check the authority address of the cloud, and proxies on the way to it.",
		}
	case reasonWrongCloud:
		return Advice{
			ClassConfiguration, FieldCloud, "wrong_cloud",
			"The tenant belongs to another Microsoft cloud than the one chosen.",
			"Choose the cloud in which the app is registered.",
		}
	case reasonNoRefreshToken:
		return Advice{
			ClassConfiguration, FieldScopes, "refresh_token_missing",
			"The sign-in worked, but no refresh token came with it, so access would end within hours.",
			"Allow the offline_access permission for the app, then authorize again.",
		}
	case reasonNoGrant:
		return signInAgain("grant_invalid")
	case reasonIDTokenInvalid, reasonIDTokenSignature:
		return Advice{
			ClassSignIn, "", string(found),
			"The identity that came with the sign-in could not be verified.",
			"Start the authorization again. If it repeats, check the authority address of the cloud.",
		}
	case reasonIDTokenTime:
		return Advice{
			ClassSignIn, "", "id_token_time",
			"The identity that came with the sign-in is not valid at the present time of this server.",
			"Check this server's clock (NTP), then start the authorization again.",
		}
	case reasonNonceMismatch:
		return Advice{
			ClassSignIn, "", "nonce_mismatch",
			"The identity belongs to another sign-in than the one that was started here.",
			"Start the authorization again, in one browser window.",
		}
	case reasonWrongTenant:
		return Advice{
			ClassSignIn, FieldTenantID, "wrong_tenant",
			"The account that signed in belongs to another tenant.",
			"Sign in with an account of the key's tenant, or correct the tenant ID.",
		}
	}
	return Advice{ClassTransient, "", "unexpected_answer", "The call failed.", "Try again."}
}

// settledBySuberror reports the suberrors that outweigh whatever number stands beside them: by
// MSAL's rule these two are not about the user although the error is invalid_grant.
func settledBySuberror(suberror string) bool {
	return suberror == "client_mismatch" || suberror == "protection_policy_required"
}

// adviceForError reads the standard error (RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6)
// and Entra's suberror. It reports false for an error that it doesn't know. access_denied is one of those:
// RFC 6749 has it for redirects alone (see callbackAdvice); without a number of Microsoft's, a token endpoint
// never says it, while gateways do.
func adviceForError(code, suberror string) (Advice, bool) {
	switch code {
	case "invalid_client":
		return Advice{
			ClassConfiguration, FieldClientSecret, "client_authentication_failed",
			"The sign-in service refuses the client ID together with this secret.",
			"Create a new secret in the app registration and copy its Value, then replace it here.",
		}, true
	case "unauthorized_client":
		return Advice{
			ClassConfiguration, FieldClientID, "client_not_authorized",
			"The app may not be used in this way: it is unknown to the tenant, disabled, or not allowed to.",
			"Compare client ID and tenant ID with the app's Overview page, and check that the app is enabled.",
		}, true
	case "invalid_grant":
		return adviceForInvalidGrant(suberror), true
	case "interaction_required", "login_required", "account_selection_required", "user_password_expired":
		return signInAgain("interaction_required"), true
	case "consent_required":
		return consentRequired(), true
	case "invalid_scope":
		return Advice{
			ClassConfiguration, FieldScopes, "invalid_scope",
			"The list of permissions holds one that the sign-in service does not accept.",
			"Use the standard permissions, spelled as in the Graph permissions reference.",
		}, true
	case "invalid_resource", "invalid_target":
		return Advice{
			ClassConfiguration, FieldScopes, "invalid_resource",
			"The permissions are for a service that the tenant does not know.",
			"Use Microsoft Graph permissions only, and check the cloud.",
		}, true
	case "invalid_tenant":
		return tenantNotFound(), true
	case "invalid_request", "unsupported_grant_type", "unsupported_response_type", "request_not_supported":
		return Advice{
			ClassConfiguration, "", code,
			"The sign-in service does not accept the form of the request.",
			"Compare tenant ID, client ID and redirect URI with the app registration.",
		}, true
	case "temporarily_unavailable", "server_error":
		return serviceTrouble(), true
	case "slow_down":
		return throttled(), true
	}
	return Advice{}, false
}

func adviceForInvalidGrant(suberror string) Advice {
	switch suberror {
	case "consent_required":
		return consentRequired()
	case "client_mismatch":
		return Advice{
			ClassConfiguration, FieldClientID, "client_mismatch",
			"The stored authorization belongs to another app than this client ID.",
			"Correct the client ID, or authorize again with this one.",
		}
	case "protection_policy_required", "device_authentication_failed", "message_only":
		return Advice{
			ClassAdministrator, "", "blocked_by_policy",
			"A policy of the tenant forbids this sign-in, for instance to apps or devices that it does not manage.",
			"Have the tenant's administrator exempt the app or the account from that policy.",
		}
	case "basic_action", "additional_action", "user_password_expired":
		return signInAgain("interaction_required")
	case "bad_token", "token_expired":
		return signInAgain("grant_expired")
	}
	return signInAgain("grant_invalid")
}

func signInAgain(code string) Advice {
	message := "The stored authorization is no longer accepted."
	switch code {
	case "interaction_required":
		message = "The sign-in service wants the person to sign in again."
	case "grant_expired":
		message = "The stored authorization has expired."
	}
	return Advice{ClassSignIn, "", code, message, "Authorize the key again."}
}

func consentRequired() Advice {
	return Advice{
		ClassSignIn, FieldScopes, "consent_required",
		"The app has no consent for these permissions: it was never given, or it was removed.",
		"Authorize again and accept, or have an administrator grant admin consent.",
	}
}

func tenantNotFound() Advice {
	return Advice{
		ClassConfiguration, FieldTenantID, "tenant_not_found",
		"No tenant with this ID or domain exists in this cloud.",
		"Copy the Directory (tenant) ID from the app's Overview page, and check the cloud.",
	}
}
