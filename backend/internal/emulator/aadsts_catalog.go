package emulator

import (
	"maps"
	"net/http"
)

const policyClaims = `{"access_token":{"capolids":{"essential":true,"values":["5b0c6b1e-2d0a-4f6f-9a57-0c9d2a3f1b44"]}}}`

// stsCatalog is every error of the identity platform that the emulator knows. Placeholders: {C} client
// id, {N} application name, {T} tenant, {U} redirect URI or user, {S} scope, {R} resource, {P} parameter.
func stsCatalog() map[int]stsError {
	all := map[int]stsError{}
	for _, part := range []map[int]stsError{
		clientErrors(), applicationErrors(), requestErrors(), grantErrors(), interactionErrors(), policyErrors(), serviceErrors(),
	} {
		maps.Copy(all, part)
	}
	return all
}

// clientErrors are about the application's credential; they alone are 401.
func clientErrors() map[int]stsError {
	bad := func(text string) stsError {
		return stsError{kind: "invalid_client", status: http.StatusUnauthorized, text: text}
	}
	return map[int]stsError{
		7000215: bad("Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{C}'."),
		7000222: bad("The provided client secret keys for app '{C}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds."),
		7000218: bad("The request body must contain the following parameter: 'client_assertion' or 'client_secret'."),
		700025:  bad("Client is public so neither 'client_assertion' nor 'client_secret' should be presented."),
		700027:  bad("The certificate with identifier used to sign the client assertion is not registered on application, or the signature does not verify. Thumbprint of key used by client: '{U}'."),
		700024:  bad("Client assertion is not within its valid time range."),
		700030:  bad("Invalid certificate - subject name in certificate is not authorized."),
		50012:   bad("Authentication failed. The client assertion is not acceptable."),
		50048:   bad("Subject must match Issuer claim in the client assertion."),
		70002:   bad("Error validating credentials. Invalid client secret is provided."),
	}
}

func applicationErrors() map[int]stsError {
	bad := func(text string) stsError {
		return stsError{kind: "unauthorized_client", status: http.StatusBadRequest, text: text, page: true}
	}
	notFound := "Application with identifier '{C}' was not found in the directory '{T}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."
	return map[int]stsError{
		7000112: bad("Application '{C}'({N}) is disabled."),
		70001:   bad("Application with identifier '{C}' is disabled or not installed in the directory '{T}'."),
		700016:  bad(notFound),
		700011:  bad(notFound),
		650052:  bad("The app needs access to a service ('{R}') that your organization '{T}' has not subscribed to or enabled."),
		65005:   bad("The application required resource access list does not contain applications discoverable by the resource."),
		650056:  bad("Misconfigured application. The client has not listed any permissions for '{R}' in the requested permissions in the client's application registration."),
		650057:  bad("Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration."),
	}
}

func requestErrors() map[int]stsError {
	bad := func(kind, text string) stsError {
		return stsError{kind: kind, status: http.StatusBadRequest, text: text}
	}
	page := func(kind, text string) stsError {
		return stsError{kind: kind, status: http.StatusBadRequest, text: text, page: true}
	}
	wrongCloud := "The tenant '{T}' belongs to another national cloud."
	return map[int]stsError{
		90002:   page("invalid_tenant", "Tenant '{T}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."),
		90038:   page("invalid_request", wrongCloud),
		900382:  page("invalid_request", wrongCloud),
		900432:  page("invalid_request", wrongCloud),
		900023:  page("invalid_request", "Specified tenant identifier '{T}' is neither a valid DNS name, nor a valid external domain."),
		50059:   page("invalid_request", "No tenant-identifying information found in either the request or implied by any provided credentials."),
		50128:   page("invalid_request", "Invalid domain name - No tenant-identifying information found in either the request or implied by any provided credentials."),
		90019:   page("invalid_request", "No tenant-identifying information found."),
		50194:   page("invalid_request", "Application '{C}'({N}) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant."),
		50049:   bad("invalid_instance", "Unknown or invalid instance."),
		50011:   page("invalid_client", "The redirect URI '{U}' specified in the request does not match the redirect URIs configured for the application '{C}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to fix this."),
		900971:  page("invalid_request", "No reply address provided."),
		900144:  bad("invalid_request", "The request body must contain the following parameter: '{P}'."),
		900561:  bad("invalid_request", "The endpoint only accepts POST requests. Received a {P} request."),
		90014:   bad("invalid_request", "The required field '{P}' is missing from the credential. Ensure that you have all the necessary parameters for the login request."),
		90023:   bad("invalid_request", "Invalid STS request: {P}"),
		9002313: bad("invalid_grant", "Invalid request. Request is malformed or invalid."),
		9002327: bad("invalid_request", "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests."),
		901002:  bad("invalid_request", "The 'resource' request parameter is not supported."),
		70003:   bad("unsupported_grant_type", "The app requested an unsupported grant type '{P}'."),
		700054:  bad("unsupported_response_type", "response_type 'id_token' is not enabled for the application."),
		700007:  bad("unsupported_response_type", "The provided value for the input parameter 'response_type' is not allowed for this client. Expected value is 'code'."),
		70011:   bad("invalid_scope", "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {S} is not valid."),
		28002:   bad("invalid_scope", "Provided value for the input parameter scope '{S}' is not valid when requesting an access token."),
		28003:   bad("invalid_scope", "Provided value for the input parameter scope cannot be empty when requesting an access token."),
		700023:  bad("invalid_scope", "Client assertion application id does not match or no resource was found in scope {S}."),
		1002012: bad("invalid_scope", "The provided value for scope {S} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."),
		700022:  bad("invalid_request", "The provided value for the input parameter 'scope' is not valid because it contains more than one resource."),
		500011:  bad("invalid_resource", "The resource principal named {R} was not found in the tenant named {T}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."),
		50001:   bad("invalid_resource", "The resource named {R} was not found in the tenant named {T}."),
		50147:   bad("invalid_request", "The size of the code challenge parameter is not valid."),
		501491:  bad("invalid_request", "Invalid size of Code_Challenge parameter, or unknown Code_Challenge_Method."),
		240002:  bad("invalid_request", "Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant."),
		90102:   bad("invalid_request", "'redirect_uri' value must be a valid absolute URI."),
		90093:   page("access_denied", "User cannot consent to these permissions. An administrator's privileges are needed."),
		90094:   page("access_denied", "{N} needs permission to access resources in your organization that only an admin can grant. Please ask an admin to grant permission to this app before you can use it."),
		90095:   page("access_denied", "Admin consent is required. A request for it can be sent to your administrator."),
		50020:   page("access_denied", "User account '{U}' from identity provider does not exist in tenant '{T}' and cannot access the application '{C}'({N}) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different account."),
		16000:   page("interaction_required", "User account from identity provider does not exist in the tenant, or several accounts are signed in and one must be picked."),
		50014:   page("access_denied", "GuestUserInPendingState - The user account does not exist in the directory."),
		50105:   page("access_denied", "Your administrator has configured the application {N} ('{C}') to block users unless they are specifically granted ('assigned') access to the application. The signed-in user '{U}' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator."),
		500021:  page("access_denied", "Access to '{T}' tenant is denied by a tenant restriction of your network."),
		500022:  page("access_denied", "Access to the resource tenant is denied by a tenant restriction of your network."),
		500212:  page("access_denied", "The user's administrator has set an outbound access policy that does not allow access to the resource tenant."),
		500213:  page("access_denied", "The resource tenant's cross-tenant access policy does not allow this user to access this tenant."),
	}
}

// grantErrors say that a code or a refresh token is no longer good.
func grantErrors() map[int]stsError {
	bad := func(text string) stsError {
		return stsError{kind: "invalid_grant", status: http.StatusBadRequest, text: text}
	}
	sub := func(suberror, text string) stsError {
		return stsError{kind: "invalid_grant", status: http.StatusBadRequest, suberror: suberror, text: text}
	}
	revoked := "The session is not valid due to password expiration or recent password change."
	return map[int]stsError{
		500112: bad("The reply address '{U}' does not match the reply address provided when requesting the authorization code."),
		54005:  bad("OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."),
		70008:  bad("The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource."),
		70000:  bad("Provided grant is invalid or malformed."),
		501481: bad("The Code_Verifier does not match the code_challenge supplied in the authorization request."),
		700005: bad("Provided Authorization Code is intended to use against other tenant, thus rejected."),
		700082: bad("The refresh token has expired due to inactivity.\u00a0The token was issued on {D1} and was inactive for 90.00:00:00."),
		700084: bad("The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on {D1}."),
		70043:  sub("token_expired", "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on {D1} and the maximum allowed lifetime for this request is {P}."),
		50173:  bad("The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '{D1}' and the TokensValidFrom date (before which tokens are not valid) for this user is '{D2}'."),
		50132:  bad(revoked),
		50133:  bad(revoked),
		50057:  bad("The user account is disabled."),
		51004:  bad("The user account {U} does not exist in the {T} directory. To sign into this application, the account must be added to the directory."),
		50034:  bad("The user account {U} does not exist in the {T} directory. To sign into this application, the account must be added to the directory."),
		50126:  bad("Error validating credentials due to invalid username or password."),
		50053:  bad("The account is locked, you've tried to sign in too many times with an incorrect user ID or password."),
		50089:  bad("Authentication failed due to flow token expired."),
		50085:  bad("Refresh token needs social IDP login. Have user try signing-in again with username and password."),
		65001:  sub("consent_required", "The user or administrator has not consented to use the application with ID '{C}' named '{N}'. Send an interactive authorization request for this user and resource."),
		65004:  {kind: "access_denied", status: http.StatusBadRequest, text: "User declined to consent to access the app."},
		50055:  {kind: "user_password_expired", status: http.StatusBadRequest, suberror: "user_password_expired", text: "The password is expired."},
	}
}

// interactionErrors mean that the person has to do something at a screen.
func interactionErrors() map[int]stsError {
	need := func(suberror, text string) stsError {
		return stsError{kind: "interaction_required", status: http.StatusBadRequest, suberror: suberror, text: text}
	}
	mfa := func(text string) stsError {
		return stsError{kind: "invalid_grant", status: http.StatusBadRequest, suberror: "basic_action", text: text}
	}
	return map[int]stsError{
		50058:  {kind: "login_required", status: http.StatusBadRequest, text: "A silent sign-in request was sent but no user is signed in. The cookies used to represent the user's session were not sent in the request to Azure AD."},
		50076:  mfa("Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '{G}'."),
		50074:  mfa("Strong Authentication is required."),
		50078:  mfa("Presented multi-factor authentication has expired due to policies configured by your administrator, you must refresh your multi-factor authentication to access '{G}'."),
		50079:  need("basic_action", "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '{G}'."),
		50072:  need("basic_action", "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '{G}'."),
		50158:  {kind: "interaction_required", status: http.StatusBadRequest, suberror: "basic_action", claims: policyClaims, text: "External security challenge not satisfied. User will be redirected to another page or authentication provider to satisfy additional authentication challenges."},
		700020: need("", "The provided grant requires interaction."),
		50140:  need("", "This error occurred due to 'Keep me signed in' interrupt when the user was signing-in."),
		50135:  need("", "Password change is required due to account risk."),
		50125:  need("", "Sign-in was interrupted due to a password reset or password registration entry."),
		50097:  need("device_authentication_failed", "Device authentication is required."),
		50129:  need("device_authentication_failed", "Device is not workplace joined - Workplace join is required to register the device."),
	}
}

func policyErrors() map[int]stsError {
	block := func(text string) stsError {
		return stsError{kind: "invalid_grant", status: http.StatusBadRequest, suberror: "message_only", claims: policyClaims, page: true, text: text}
	}
	device := func(text string) stsError {
		return stsError{kind: "interaction_required", status: http.StatusBadRequest, suberror: "message_only", claims: policyClaims, page: true, text: text}
	}
	return map[int]stsError{
		53000:  device("Device is not in required device state: {P}. Conditional Access policy requires a compliant device, and the device is not compliant."),
		53001:  device("Device is not in required device state: {P}. Conditional Access policy requires a domain joined device, and the device is not domain joined."),
		53002:  device("The application used is not an approved application for Conditional Access."),
		53003:  block("Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."),
		53004:  block("User needs to complete multi-factor authentication registration before accessing this content, and registration is blocked due to risk."),
		53011:  block("User blocked due to risk on home tenant."),
		530003: device("Your device is required to be managed to access this resource."),
		530032: block("Access has been blocked by a security policy of the tenant."),
		530035: block("Access has been blocked by security defaults. This request has been deemed unsafe based on security defaults or your tenant's security policies."),
	}
}

func serviceErrors() map[int]stsError {
	soon := func(text string) stsError {
		return stsError{kind: "temporarily_unavailable", status: http.StatusServiceUnavailable, text: text}
	}
	broken := func(text string) stsError {
		return stsError{kind: "server_error", status: http.StatusInternalServerError, text: text}
	}
	return map[int]stsError{
		50196: {kind: "invalid_grant", status: http.StatusBadRequest, text: "The server terminated an operation because it encountered a client request loop. Please contact your app vendor."},
		90055: {kind: "temporarily_unavailable", status: http.StatusTooManyRequests, text: "The server has terminated the request because there have been too many requests from the tenant."},
		90033: soon("A transient error has occurred. Please try again."),
		90024: soon("RequestBudgetExceededError - A transient error has occurred. Please try again."),
		90006: soon("The service is temporarily unavailable. Please retry later."),
		90090: soon("The service encountered a transient error. Please retry."),
		50033: soon("RetryableError - Indicates a transient error not related to the database operations."),
		50087: soon("A transient error has occurred during single sign-out. Please retry."),
		50088: soon("Limit on telecom MFA calls reached. Please try again in a few minutes."),
		90012: soon("RequestTimeout - The requested has timed out."),
		90036: broken("An unexpected, non-retryable error stemming from the directory service has occurred."),
		90092: broken("GraphNonRetryableError."),
		50000: broken("There was an issue with the token issuance service."),
	}
}
