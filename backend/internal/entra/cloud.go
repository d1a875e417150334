package entra

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/latchkey/latchkey/backend/internal/upstream"
)

// Cloud is a pair of a sign-in authority and the Graph that its tokens are for. GraphURL has no
// version: https://graph.microsoft.com.
type Cloud struct {
	ID           string
	Name         string
	AuthorityURL string
	GraphURL     string
}

// BuiltinClouds returns Microsoft's clouds, the global one first.
func BuiltinClouds() []Cloud {
	return []Cloud{
		{"global", "Microsoft (global)", "https://login.microsoftonline.com", "https://graph.microsoft.com"},
		{"usgov", "US Government (GCC High)", "https://login.microsoftonline.us", "https://graph.microsoft.us"},
		{"usgov-dod", "US Government (DoD)", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"},
		{
			"china", "China (21Vianet)",
			"https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn",
		},
	}
}

var (
	cloudID      = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	graphVersion = regexp.MustCompile(`/(v1\.0|beta)$`)
)

// ParseClouds reads the operator's own clouds: a JSON array of {id,name,authorityUrl,graphUrl}.
// An empty text means none. Every mistake is reported, each with the position of its entry.
func ParseClouds(jsonArray string) ([]Cloud, error) {
	if strings.TrimSpace(jsonArray) == "" {
		return nil, nil
	}
	var entries []struct {
		ID           string `json:"id"`
		Name         string `json:"name"`
		AuthorityURL string `json:"authorityUrl"`
		GraphURL     string `json:"graphUrl"`
	}
	decoder := json.NewDecoder(strings.NewReader(jsonArray))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&entries); err != nil {
		return nil, fmt.Errorf("must be a JSON array of {id,name,authorityUrl,graphUrl}: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("must be one JSON array with nothing after it")
	}

	taken := map[string]bool{}
	for _, cloud := range BuiltinClouds() {
		taken[cloud.ID] = true
	}
	clouds := make([]Cloud, 0, len(entries))
	var problems []error
	for i, entry := range entries {
		cloud := Cloud{
			ID:           strings.TrimSpace(entry.ID),
			Name:         strings.TrimSpace(entry.Name),
			AuthorityURL: trimURL(entry.AuthorityURL),
			GraphURL:     trimURL(entry.GraphURL),
		}
		for _, problem := range cloud.problems(taken) {
			problems = append(problems, fmt.Errorf("entry %d: %w", i+1, problem))
		}
		taken[cloud.ID] = true
		clouds = append(clouds, cloud)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return clouds, nil
}

func (c Cloud) problems(taken map[string]bool) []error {
	var problems []error
	switch {
	case !cloudID.MatchString(c.ID):
		problems = append(problems, errors.New("id must be 1 to 40 lower-case letters, digits or hyphens"))
	case taken[c.ID]:
		problems = append(problems, fmt.Errorf("id %q is already in use", c.ID))
	}
	if c.Name == "" || len(c.Name) > 100 {
		problems = append(problems, errors.New("name must have 1 to 100 characters"))
	}
	if err := upstream.CheckURL(c.AuthorityURL); err != nil {
		problems = append(problems, fmt.Errorf("authorityUrl %w", err))
	}
	if err := upstream.CheckURL(c.GraphURL); err != nil {
		problems = append(problems, fmt.Errorf("graphUrl %w", err))
	} else if graphVersion.MatchString(c.GraphURL) {
		problems = append(problems, errors.New("graphUrl must not end in a version, such as /v1.0"))
	}
	return problems
}

func trimURL(raw string) string { return strings.TrimRight(strings.TrimSpace(raw), "/") }
