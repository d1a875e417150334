package entra

import "slices"

// Place says where a person meets something on the way through the sign-in.
type Place string

// The places.
const (
	PlaceErrorPage    Place = "error_page"    // "Sorry, but we're having trouble signing you in" and its like: the way ends there
	PlaceApprovalPage Place = "approval_page" // Instead of the list of permissions
	PlaceSignInPage   Place = "sign_in_page"  // A message or question of the sign-in page: the way goes on
	PlaceWindow       Place = "window"        // No page of Microsoft's at all
	PlaceElsewhere    Place = "elsewhere"     // Only in answers that Latchkey itself reads
)

// Sighting is something that a person may see and that Latchkey never hears of: Microsoft's page keeps
// it to itself. Texts are what the page says, the most telling first, in English and with … for what
// differs each time; they are empty for what no page shows. Advice is for somebody in front of that page.
type Sighting struct {
	Place   Place
	Texts   []string
	Numbers []int
	Advice  Advice
}

// Sightings lists what can be seen on the way through the sign-in, page by page, and then all other
// numbers that there is advice for.
func Sightings() []Sighting {
	seen := slices.Concat(registrationSightings(), policySightings(), approvalSightings(), signInSightings(), windowSightings())
	shown := map[int]bool{}
	for _, s := range seen {
		for _, number := range s.Numbers {
			shown[number] = true
		}
	}
	return append(seen, elsewhere(shown)...)
}

// elsewhere groups the numbers that no page shows by their advice, in the table's order.
func elsewhere(shown map[int]bool) []Sighting {
	var rest []Sighting
	for _, row := range adviceRows() {
		numbers := slices.DeleteFunc(slices.Clone(row.numbers), func(number int) bool { return shown[number] })
		if len(numbers) > 0 {
			rest = append(rest, Sighting{Place: PlaceElsewhere, Texts: []string{}, Numbers: numbers, Advice: row.advice})
		}
	}
	return rest
}

// shownOn is a sighting with the table's advice for its first number.
func shownOn(place Place, numbers []int, texts ...string) Sighting {
	return Sighting{Place: place, Texts: texts, Numbers: numbers, Advice: numberedAdvice[numbers[0]]}
}

// but replaces what the table says where somebody in front of the page can do something else.
func (s Sighting) but(message, fix string) Sighting {
	s.Advice.Message, s.Advice.Fix = message, fix
	return s
}

func registrationSightings() []Sighting {
	return []Sighting{
		shownOn(
			PlaceErrorPage, []int{50011},
			"The redirect URI '…' specified in the request does not match the redirect URIs configured for the application '…'",
			"https://aka.ms/redirectUriMismatchError",
		),
		shownOn(PlaceErrorPage, []int{900971}, "No reply address provided", "No reply address is registered for the application"),
		shownOn(PlaceErrorPage, []int{700016, 700011}, "Application with identifier '…' was not found in the directory '…'"),
		shownOn(PlaceErrorPage, []int{90002}, "Tenant '…' not found"),
		shownOn(PlaceErrorPage, []int{900023}, "Specified tenant identifier '…' is neither a valid DNS name, nor a valid external domain"),
		shownOn(
			PlaceErrorPage, []int{90038, 900382, 900432},
			"The specified tenant '…' belongs to the National Cloud '…'", "Confidential Client is not supported in Cross Cloud request",
		),
		shownOn(PlaceErrorPage, []int{50194}, "Application '…' is not configured as a multi-tenant application"),
		shownOn(PlaceErrorPage, []int{50059, 50128, 90019}, "No tenant-identifying information found"),
		shownOn(PlaceErrorPage, []int{7000112, 70001}, "Application '…' is disabled"),
		shownOn(PlaceErrorPage, []int{900144, 90014, 90023}, "The request body must contain the following parameter: '…'").but(
			"The request, or the app registration, is missing something: the client ID, or a redirect URI.",
			"Look for an empty field in the key, and add the redirect URI to the app's Authentication page, platform Web.",
		),
		shownOn(
			PlaceErrorPage, []int{65005, 650056, 650057},
			"Misconfigured application", "The client has requested access to a resource which is not listed in the requested permissions",
		),
		shownOn(PlaceErrorPage, []int{650052}, "The app needs access to a service ('…') that your organization '…' has not subscribed to or enabled"),
	}
}

func policySightings() []Sighting {
	return []Sighting{
		shownOn(
			PlaceErrorPage, []int{50020, 16000, 50014},
			"User account '…' from identity provider '…' does not exist in tenant '…' and cannot access the application '…'",
			"Selected user account does not exist in tenant '…' and cannot access the application '…'",
		),
		shownOn(
			PlaceErrorPage, []int{50105},
			"Your administrator has configured the application … to block users unless they are specifically granted ('assigned') access",
			"The signed in user '…' is not assigned to a role for the application '…'",
		),
		shownOn(
			PlaceErrorPage, []int{53003},
			"You cannot access this right now", "Access has been blocked by Conditional Access policies",
			"Your sign-in was successful but does not meet the criteria to access this resource",
		),
		shownOn(
			PlaceErrorPage, []int{53000, 53001, 53002, 530003, 50097, 50129},
			"Device is not in required device state", "You can't get there from here", "Your device is required to be managed",
		),
		shownOn(
			PlaceErrorPage, []int{530032, 530035, 53004, 53011},
			"Access has been blocked by security defaults", "The tenant admin has configured a security policy that blocks this request",
		),
		shownOn(PlaceErrorPage, []int{500021, 500022}, "Access to '…' tenant is denied"),
		shownOn(PlaceErrorPage, []int{500212, 500213}, "The resource tenant's cross-tenant access policy does not allow this user to access this tenant"),
	}
}

func approvalSightings() []Sighting {
	return []Sighting{
		shownOn(
			PlaceApprovalPage, []int{90094, 90093},
			"Need admin approval", "… needs permission to access resources in your organization that only an admin can grant",
		),
		shownOn(PlaceApprovalPage, []int{90095}, "Approval required", "This app requires your admin's approval"),
	}
}

func signInSightings() []Sighting {
	return []Sighting{
		shownOn(PlaceSignInPage, []int{50034}, "We couldn't find an account with that username", "This username may be incorrect").but(
			"The tenant has no account with this name.",
			"Check the address, and type it again on the same page. It has to be an account of the key's tenant.",
		),
		shownOn(PlaceSignInPage, []int{50126}, "Your account or password is incorrect").but(
			"The name or the password was wrong.",
			"Type them again on the same page, or have the password reset.",
		),
		shownOn(PlaceSignInPage, []int{50053}, "Your account is temporarily locked to prevent unauthorized use", "Your account has been locked").but(
			"Too many wrong passwords, or a sign-in from an address that Microsoft mistrusts, have locked the account for a while.",
			"Wait some minutes and try again, or have the tenant's administrator unlock the account.",
		),
		shownOn(PlaceSignInPage, []int{50057}, "The user account is disabled", "Your account has been disabled"),
		shownOn(PlaceSignInPage, []int{50055}, "Update your password").but(
			"The password has expired, or this is the account's first sign-in.",
			"Choose a new password on that page: the sign-in goes on from there.",
		),
		shownOn(PlaceSignInPage, []int{50135}, "Your account is at risk", "Password change is required due to account risk").but(
			"Microsoft takes the password for a stolen one and wants another.",
			"Choose a new password on that page, or have the tenant's administrator reset it: the sign-in goes on from there.",
		),
		shownOn(PlaceSignInPage, []int{50076, 50074, 50078}, "Verify your identity", "Approve sign in request", "Enter code").but(
			"The account must confirm its sign-in by a second factor.",
			"Confirm it in the app or by the code that the page asks for: the sign-in goes on from there. "+
				"The owner of the mailbox can also do it elsewhere, by an authorization link from the key's page.",
		),
		shownOn(PlaceSignInPage, []int{50079, 50072}, "More information required", "Your organization needs more information to keep your account secure").but(
			"The account has to register for multi-factor authentication first.",
			"Choose Next and complete the registration: the sign-in goes on from there.",
		),
		shownOn(PlaceSignInPage, []int{50140}, "Stay signed in?").but(
			"Microsoft asks whether this browser should remember the account.",
			"Either answer will do. Choose No in a browser that other people use.",
		),
	}
}

// windowSightings have no number: nothing of Microsoft's is on show.
func windowSightings() []Sighting {
	return []Sighting{
		{
			PlaceWindow,
			[]string{"Nothing happened, or the window closed", "popup blocked", "pop-up blocked", "closed the window", "no window opened"},
			[]int{},
			Advice{
				ClassSignIn, "", "window_closed",
				"The window was closed before the sign-in ended, or the browser kept it from opening. Nothing comes back then.",
				"Start again. If no window opens, allow pop-ups for this page; without one the sign-in goes on in this tab.",
			},
		},
		{
			PlaceWindow,
			[]string{"The page stays empty, or “This site can't be reached”", "This site can't be reached", "Unable to connect", "blank page"},
			[]int{},
			Advice{
				ClassSignIn, FieldRedirectURI, "page_not_reached",
				"The browser cannot reach Microsoft's sign-in, or after the sign-in cannot reach Latchkey at the redirect URI.",
				"Check the network and the proxy of that computer: it must reach both addresses. Then start again.",
			},
		},
	}
}
