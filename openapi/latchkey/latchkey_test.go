package latchkey_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"testing"

	"golang.org/x/oauth2"

	"github.com/latchkey/latchkey/openapi/latchkey"
)

func ExampleTokenSource() {
	ctx := context.Background()
	api, err := latchkey.Connect(latchkey.Config{
		URL:      "https://latchkey.example.com",
		ClientID: os.Getenv("CLIENT_ID"), ClientSecret: os.Getenv("CLIENT_SECRET"),
	})
	if err != nil {
		panic(err)
	}
	graph := oauth2.NewClient(ctx, latchkey.TokenSource(ctx, api, os.Getenv("ACCOUNT_KEY_ID")))
	me, err := graph.Get("https://graph.microsoft.com/v1.0/me")
	if err != nil {
		panic(err)
	}
	defer me.Body.Close()
	fmt.Println(me.Status)
}

func TestConnect(t *testing.T) {
	t.Parallel()
	good := latchkey.Config{URL: "https://latchkey.example.com", ClientID: "0198f2a5", ClientSecret: "lk_not_to_be_shown"}
	for name, change := range map[string]func(*latchkey.Config){
		"no address":                 func(c *latchkey.Config) { c.URL = "latchkey" },
		"secrets in the clear":       func(c *latchkey.Config) { c.URL = "http://latchkey.example.com" },
		"an address made to deceive": func(c *latchkey.Config) { c.URL = "http://localhost.example.com" },
		"no id":                      func(c *latchkey.Config) { c.ClientID = "" },
		"no secret":                  func(c *latchkey.Config) { c.ClientSecret = "" },
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			c := good
			change(&c)
			if _, err := latchkey.Connect(c); err == nil {
				t.Errorf("%v was accepted", c)
			}
		})
	}
	t.Run("takes plain http on this machine", func(t *testing.T) {
		t.Parallel()
		for _, at := range []string{"http://localhost:8080", "http://127.0.0.1:8080/", "http://[::1]:8080"} {
			c := good
			c.URL = at
			if _, err := latchkey.Connect(c); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("a configuration is printed without its secret", func(t *testing.T) {
		t.Parallel()
		want := `latchkey.Config{URL:"https://latchkey.example.com" ClientID:"0198f2a5"}`
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if got := fmt.Sprintf(verb, good); got != want {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	})
}

func TestFailure(t *testing.T) {
	t.Parallel()
	page := &http.Response{StatusCode: http.StatusBadGateway, Status: "502 Bad Gateway", Header: http.Header{"Content-Type": {"text/html"}}}
	err := latchkey.Failure(page, []byte("<html>"))
	if err == nil || err.Error() != "latchkey: unexpected_answer (502): The answer was 502 Bad Gateway." {
		t.Errorf("a proxy's page is told as %v", err)
	}
	if err := latchkey.Failure(&http.Response{StatusCode: http.StatusCreated}, nil); err != nil {
		t.Errorf("a success is told as %v", err)
	}
}
