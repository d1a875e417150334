package entra

import (
	"regexp"
	"strings"
)

var (
	guid        = regexp.MustCompile(`^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$`)
	domain      = regexp.MustCompile(`^(?i:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(?i:[a-z]([a-z0-9-]{0,61}[a-z0-9])?)$`)
	tenantShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$`)
)

// IsGUID reports whether an id has the form of those that Microsoft gives out.
func IsGUID(id string) bool { return guid.MatchString(id) }

// IsTenantOfMicrosoft reports whether a tenant is named as those of Microsoft's clouds are: by an id, or by one
// of its domains.
func IsTenantOfMicrosoft(tenant string) bool {
	return IsGUID(tenant) || len(tenant) <= 255 && domain.MatchString(tenant)
}

// IsTenant reports whether a tenant can be named so in the addresses of a provider. Other providers than
// Microsoft name theirs as they like, within one segment of a path.
func IsTenant(tenant string) bool {
	return tenantShape.MatchString(tenant) && !strings.Contains(tenant, "..") && !strings.HasSuffix(tenant, ".")
}

// IsSharedTenant reports the names that stand for every tenant, or for none.
func IsSharedTenant(tenant string) bool {
	switch strings.ToLower(tenant) {
	case "common", "organizations", "consumers":
		return true
	default:
		return false
	}
}

// NormalTenant gives a tenant its one spelling: ids and domains are the same in every case, while the names of
// other providers may differ by case alone.
func NormalTenant(tenant string) string {
	if IsTenantOfMicrosoft(tenant) {
		return strings.ToLower(tenant)
	}
	return tenant
}

func checkTenant(tenant string) reason {
	switch {
	case IsSharedTenant(tenant):
		return reasonTenantNotSpecific
	case !IsTenant(tenant):
		return reasonTenantMalformed
	default:
		return ""
	}
}
