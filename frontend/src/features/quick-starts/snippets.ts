/** What a start is filled with. */
export type Start = {
  /** Latchkey's own address, without a slash at the end. */
  base: string;
  keyId: string;
  /** Graph of the key's cloud, with the version. */
  graph: string;
};

/** The languages in the order in which they are offered. */
export const languages = ["curl", "go", "typescript", "python", "powershell", "csharp"] as const;

export type Language = (typeof languages)[number];

const query = "me/messages?$select=subject&$top=5";

/**
 * A program that prints what the mailbox got last. It runs as it stands, with nothing installed but its language, and
 * takes the API client's secret from the environment, so that it can be copied anywhere.
 */
export const snippets: Record<Language, (start: Start) => string> = {
  curl: ({ base, keyId, graph }) => `#!/bin/sh
# LATCHKEY_SECRET is a secret of an API client that may use this account key.
set -eu
latchkey='${base}'
member() { sed -n 's/.*"'"$1"'":"\\([^"]*\\)".*/\\1/p'; }

jwt=$(printf 'grant_type=client_credentials&client_secret=%s' "$LATCHKEY_SECRET" |
  curl -fsS --data @- "$latchkey/oauth/token" | member access_token)
token=$(curl -fsS -X POST -H "Authorization: Bearer $jwt" \\
  "$latchkey/api/v1/account-keys/${keyId}/access-token" | member accessToken)
curl -fsS -H "Authorization: Bearer $token" '${graph}/${query}'
`,

  go: ({ base, keyId, graph }) => `package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
)

const latchkey = ${JSON.stringify(base)}

func main() {
	// A secret of an API client that may use this account key.
	form := url.Values{"grant_type": {"client_credentials"}, "client_secret": {os.Getenv("LATCHKEY_SECRET")}}
	var signedIn struct {
		AccessToken string \`json:"access_token"\`
	}
	call("POST", latchkey+"/oauth/token", "", strings.NewReader(form.Encode()), &signedIn)

	var token struct {
		AccessToken string \`json:"accessToken"\`
	}
	call("POST", latchkey+"/api/v1/account-keys/${keyId}/access-token", signedIn.AccessToken, nil, &token)

	var mail struct {
		Value []struct{ Subject string }
	}
	call("GET", ${JSON.stringify(`${graph}/${query}`)}, token.AccessToken, nil, &mail)
	for _, message := range mail.Value {
		fmt.Println(message.Subject)
	}
}

func call(method, address, bearer string, body io.Reader, answer any) {
	request, err := http.NewRequest(method, address, body)
	if err != nil {
		log.Fatal(err)
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	} else {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		problem, _ := io.ReadAll(response.Body)
		log.Fatalf("%s: %s %s", address, response.Status, problem)
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		log.Fatal(err)
	}
}
`,

  typescript: ({ base, keyId, graph }) => `const latchkey = ${JSON.stringify(base)};

async function call<T>(address: string, init: RequestInit): Promise<T> {
  const response = await fetch(address, init);
  if (!response.ok) throw new Error(\`\${address}: \${response.status} \${await response.text()}\`);
  return (await response.json()) as T;
}

const signedIn = await call<{ access_token: string }>(\`\${latchkey}/oauth/token\`, {
  method: "POST",
  body: new URLSearchParams({
    grant_type: "client_credentials",
    // A secret of an API client that may use this account key.
    client_secret: process.env["LATCHKEY_SECRET"] ?? "",
  }),
});
const token = await call<{ accessToken: string }>(
  \`\${latchkey}/api/v1/account-keys/${keyId}/access-token\`,
  { method: "POST", headers: { Authorization: \`Bearer \${signedIn.access_token}\` } },
);
const mail = await call<{ value: { subject: string }[] }>(
  ${JSON.stringify(`${graph}/${query}`)},
  { headers: { Authorization: \`Bearer \${token.accessToken}\` } },
);
for (const { subject } of mail.value) console.log(subject);

export {};
`,

  python: ({ base, keyId, graph }) => `import json
import os
import urllib.parse
import urllib.request

LATCHKEY = ${JSON.stringify(base)}


def call(url, method="GET", bearer=None, form=None):
    data = urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(url, data=data, method=method)
    if bearer:
        request.add_header("Authorization", f"Bearer {bearer}")
    with urllib.request.urlopen(request) as response:
        return json.load(response)


signed_in = call(
    f"{LATCHKEY}/oauth/token",
    "POST",
    form={
        "grant_type": "client_credentials",
        # A secret of an API client that may use this account key.
        "client_secret": os.environ["LATCHKEY_SECRET"],
    },
)
token = call(
    f"{LATCHKEY}/api/v1/account-keys/${keyId}/access-token",
    "POST",
    bearer=signed_in["access_token"],
)
mail = call(${JSON.stringify(`${graph}/${query}`)}, bearer=token["accessToken"])
for message in mail["value"]:
    print(message["subject"])
`,

  powershell: ({ base, keyId, graph }) => `$latchkey = '${base}'

# A secret of an API client that may use this account key.
$form = @{ grant_type = 'client_credentials'; client_secret = $env:LATCHKEY_SECRET }
$signedIn = Invoke-RestMethod -Method Post -Uri "$latchkey/oauth/token" -Body $form

$token = Invoke-RestMethod -Method Post -Uri "$latchkey/api/v1/account-keys/${keyId}/access-token" \`
  -Headers @{ Authorization = "Bearer $($signedIn.access_token)" }

$mail = Invoke-RestMethod -Uri '${graph}/${query}' \`
  -Headers @{ Authorization = "Bearer $($token.accessToken)" }
$mail.value.subject
`,

  csharp: ({ base, keyId, graph }) => `using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

const string latchkey = ${JSON.stringify(base)};
using var http = new HttpClient();

var signedIn = await Call(HttpMethod.Post, $"{latchkey}/oauth/token", body: new FormUrlEncodedContent(new Dictionary<string, string>
{
    ["grant_type"] = "client_credentials",
    // A secret of an API client that may use this account key.
    ["client_secret"] = Environment.GetEnvironmentVariable("LATCHKEY_SECRET") ?? "",
}));
var token = await Call(HttpMethod.Post, $"{latchkey}/api/v1/account-keys/${keyId}/access-token",
    signedIn.GetProperty("access_token").GetString());
var mail = await Call(HttpMethod.Get, ${JSON.stringify(`${graph}/${query}`)},
    token.GetProperty("accessToken").GetString());
foreach (var message in mail.GetProperty("value").EnumerateArray())
{
    Console.WriteLine(message.GetProperty("subject").GetString());
}

async Task<JsonElement> Call(HttpMethod method, string address, string? bearer = null, HttpContent? body = null)
{
    using var request = new HttpRequestMessage(method, address) { Content = body };
    if (bearer is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
    using var response = await http.SendAsync(request);
    response.EnsureSuccessStatusCode();
    return await response.Content.ReadFromJsonAsync<JsonElement>();
}
`,
};
