package graph

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

const maxChallenge = 16 << 10

// claimsChallenge finds the claims of an insufficient_claims challenge among the WWW-Authenticate
// headers (RFC 9110 §11.6.1), decoded; members come in any order. It is empty when there is none.
func claimsChallenge(headers []string) string {
	for _, header := range headers {
		if len(header) > maxChallenge {
			continue
		}
		parameters := challengeParameters(header)
		if !strings.EqualFold(parameters["error"], "insufficient_claims") {
			continue
		}
		if claims := decodeClaims(parameters["claims"]); claims != "" {
			return claims
		}
	}
	return ""
}

// challengeParameters reads the name=value pairs of a header. Names of schemes stand alone, so they
// are passed over; when a name repeats, the first one counts.
func challengeParameters(header string) map[string]string {
	parameters := map[string]string{}
	for rest := header; rest != ""; {
		rest = strings.TrimLeft(rest, " \t,=")
		end := strings.IndexAny(rest, " \t,=")
		if end < 0 {
			break
		}
		name := strings.ToLower(rest[:end])
		rest = strings.TrimLeft(rest[end:], " \t")
		if !strings.HasPrefix(rest, "=") {
			continue // A scheme.
		}
		var value string
		value, rest = challengeValue(strings.TrimLeft(rest[1:], " \t"))
		if _, known := parameters[name]; !known {
			parameters[name] = value
		}
	}
	return parameters
}

// challengeValue reads a token or a quoted string and returns what follows it.
func challengeValue(text string) (value, rest string) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, " \t,")
		if end < 0 {
			return text, ""
		}
		return text[:end], text[end:]
	}
	var unquoted strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return unquoted.String(), text[i+1:]
		case text[i] == '\\' && i+1 < len(text):
			i++
			unquoted.WriteByte(text[i])
		default:
			unquoted.WriteByte(text[i])
		}
	}
	return unquoted.String(), ""
}

// decodeClaims takes either alphabet of base64, padded or not.
func decodeClaims(encoded string) string {
	encoded = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(encoded, "="))
	decoded, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return ""
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(decoded, &object) != nil || object == nil {
		return ""
	}
	return string(decoded)
}
