package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/entra"
)

// redirectURI keeps our own address to Microsoft's rules. Clouds that the operator added may have others.
func (x *examination) redirectURI(context.Context) error {
	problems := entra.RedirectURIProblems(x.RedirectURI)
	if len(problems) == 0 {
		x.pass(CheckRedirectURI, x.RedirectURI+" keeps to Microsoft's rules. Whether it is registered for the app, "+
			"under Authentication, platform Web, shows only when somebody signs in.")
		return nil
	}
	microsofts := slices.ContainsFunc(entra.BuiltinClouds(), func(c entra.Cloud) bool { return c.ID == x.Cloud })
	found := Finding{Message: problems[0].Message, Fix: problems[0].Fix, Field: entra.FieldRedirectURI}
	result := Warning
	for _, problem := range problems[1:] {
		found.Message += " " + problem.Message
	}
	if microsofts && slices.ContainsFunc(problems, func(p entra.RedirectProblem) bool { return p.Refused }) {
		result = Failed
	}
	x.set(CheckRedirectURI, result, found)
	return nil
}

// values tells what is wrong or missing without asking anybody.
func (x *examination) values(context.Context) error {
	for _, field := range x.wrong {
		id, _ := checkOf(field.Field)
		x.set(id, Failed, Finding{Message: field.Message, Fix: "Correct this field.", Field: field.Field})
	}
	for _, f := range []struct {
		field, message string
		missing        bool
	}{
		{entra.FieldTenantID, "The Directory (tenant) ID is missing.", x.TenantID == ""},
		{entra.FieldClientID, "The Application (client) ID is missing.", x.ClientID == ""},
	} {
		if id, _ := checkOf(f.field); f.missing && !x.failed(id) {
			x.set(id, Failed, Finding{Message: f.message, Fix: "Copy it from the app's Overview page.", Field: f.field})
		}
	}
	if x.ClientSecret.IsZero() && !x.failed(CheckClientSecret) {
		x.set(CheckClientSecret, Failed, Finding{
			Message: "The secret is missing.", Field: entra.FieldClientSecret,
			Fix: "Create a client secret in the app registration, under Certificates & secrets, and copy its Value.",
		})
	}
	return nil
}

// provider proves cloud and tenant by the tenant's discovery document.
func (x *examination) provider(ctx context.Context) error {
	cloud, configured := x.Keys.Cloud(x.Cloud)
	if !configured {
		if !x.failed(CheckCloud) {
			x.set(CheckCloud, Failed, Finding{
				Message: "The cloud " + x.Cloud + " is not configured on this server.", Field: entra.FieldCloud,
				Fix: "Choose another cloud, or ask the operator to add it to LATCHKEY_CLOUDS_EXTRA again.",
			})
		}
		x.skip("Not checked: the cloud must be known first.", CheckTenant, CheckClientID, CheckClientSecret)
		return nil
	}
	x.cloud = cloud
	if x.failed(CheckTenant) {
		x.skip("Not checked: whether the app is registered in "+cloud.Name+" shows with the tenant.", CheckCloud)
		return nil
	}
	provider, err := x.Entra.Rediscover(ctx, cloud, x.TenantID)
	if err != nil {
		return x.undiscovered(err)
	}
	x.tenant, x.answered = &provider, true
	x.pass(CheckCloud, fmt.Sprintf("%s answers at %s, and the tenant uses the Graph at %s.",
		cloud.Name, hostOf(cloud.AuthorityURL), hostOf(cloud.GraphURL)))
	if provider.TenantID != x.TenantID {
		x.pass(CheckTenant, x.TenantID+" is the tenant "+provider.TenantID+".")
	} else {
		x.pass(CheckTenant, "The tenant "+provider.TenantID+" exists.")
	}
	return nil
}

// undiscovered lays a failed discovery on the tenant, on the cloud, or on nobody.
func (x *examination) undiscovered(err error) error {
	e, found, ok := microsoft(err)
	if !ok {
		return err
	}
	x.answered = e.Status != 0
	if found.Field == entra.FieldTenantID {
		x.set(CheckTenant, Failed, found)
		x.set(CheckCloud, Inconclusive, Finding{
			Message: x.cloud.Name + " answers, but a tenant that it doesn't know may be at home in another cloud.",
		})
		return nil
	}
	result := Inconclusive
	if e.Advice().Class != entra.ClassTransient || !passing(e.Advice().Code) {
		result = Failed
	}
	if found.Field == "" {
		found.Field = entra.FieldCloud
	}
	x.set(CheckCloud, result, found)
	x.skip("Not checked: "+x.cloud.Name+" must answer first.", CheckTenant)
	return nil
}

// passing reports trouble that ends by itself, on the other side. The rest of what is transient (no way
// there, a certificate, a proxy's page) is for somebody here to look at.
func passing(code string) bool {
	switch code {
	case "microsoft_unavailable", "microsoft_fault", "throttled", "request_loop", "cancelled":
		return true
	default:
		return false
	}
}

// credential proves client ID and secret by an app-only token that is thrown away.
func (x *examination) credential(ctx context.Context) error {
	switch {
	case x.tenant == nil:
		x.skip("Not checked: cloud and tenant must be right first.", CheckClientID, CheckClientSecret)
		return nil
	case x.failed(CheckClientID):
		x.skip("Not checked: a secret belongs to a client ID.", CheckClientSecret)
		return nil
	case x.failed(CheckClientSecret):
		x.skip("Not checked: Microsoft tells only when it is shown a secret.", CheckClientID)
		return nil
	}
	err := x.Entra.Probe(ctx, *x.tenant, x.ClientID, x.ClientSecret)
	if err == nil {
		x.pass(CheckClientID, "The app exists in the tenant.")
		x.secretWorks()
		return nil
	}
	e, found, ok := microsoft(err)
	if !ok {
		return err
	}
	if errors.Is(err, entra.ErrInconclusive) {
		x.unproven(e, found)
		return nil
	}
	x.refused(e, found)
	return nil
}

// secretWorks passes the secret, and looks at the date that somebody noted for it.
func (x *examination) secretWorks() {
	x.pass(CheckClientSecret, "Microsoft takes the secret.")
	if x.key == nil {
		return
	}
	left, known := x.key.SecretDaysLeft(x.Now())
	if !known || !accountkey.SecretEnds(left) {
		return
	}
	found := Finding{
		Message: "Microsoft takes the secret, which expires on " + *x.key.ClientSecretExpiresOn + ".",
		Fix:     "Create a new client secret in the app registration and replace it here. The key stays authorized.",
		Field:   entra.FieldClientSecret,
	}
	if left < 0 {
		found.Message = "Microsoft takes the secret, although it was to expire on " + *x.key.ClientSecretExpiresOn + "."
		found.Fix = "Correct the date, or replace the secret."
	}
	x.set(CheckClientSecret, Warning, found)
}

// unproven is an answer that proves nothing: not every provider knows this kind of request, and Microsoft
// may be out of order.
func (x *examination) unproven(e *entra.Error, found Finding) {
	if e.Advice().Class != entra.ClassTransient {
		found = Finding{
			Message:   "The provider gives no tokens to an app alone, so only a sign-in shows whether this is right.",
			Fix:       "Authorize the key to find out.",
			Microsoft: found.Microsoft,
		}
	}
	found.Field = ""
	for _, id := range []CheckID{CheckClientID, CheckClientSecret} {
		x.set(id, Inconclusive, found)
	}
}

// refused lays a refusal on the field that it concerns. Microsoft looks for the app before it looks at the
// secret; of other providers, an answer that has no number doesn't tell which of the two is wrong.
func (x *examination) refused(e *entra.Error, found Finding) {
	id, known := checkOf(found.Field)
	if !known {
		id = CheckClientID
	}
	x.set(id, Failed, found)
	switch {
	case id == CheckClientSecret && len(e.Numbers) > 0:
		x.pass(CheckClientID, "The app exists in the tenant.")
	case id == CheckClientSecret:
		x.set(CheckClientID, Inconclusive, Finding{
			Message: "The provider refuses client ID and secret together, and doesn't tell which of them is wrong.",
		})
	default:
		x.skip("Not checked: what is at fault above must be mended first.", CheckClientID, CheckClientSecret)
	}
}

func hostOf(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return address
	}
	return parsed.Host
}
