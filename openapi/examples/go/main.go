// Command go shows the mailbox of an account key: it gets an access token from Latchkey and asks Microsoft
// Graph for the latest messages. It is told by the environment what to use:
//
//	LATCHKEY_URL=http://localhost:8080 CLIENT_ID=… CLIENT_SECRET=lk_… ACCOUNT_KEY_ID=… go run ./examples/go
//
// GRAPH_URL is Microsoft's unless set: http://127.0.0.1:8090 is the emulator of `make demo`.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"

	"golang.org/x/oauth2"

	"github.com/latchkey/latchkey/openapi/latchkey"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		var problem *latchkey.ProblemError
		if errors.As(err, &problem) && problem.Code == "reauthorization_required" {
			fmt.Fprintln(os.Stderr, "Somebody must open the key in Latchkey and sign in again.")
		}
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	api, err := latchkey.Connect(latchkey.Config{
		URL:      cmp.Or(os.Getenv("LATCHKEY_URL"), "http://localhost:8080"),
		ClientID: os.Getenv("CLIENT_ID"), ClientSecret: os.Getenv("CLIENT_SECRET"),
	})
	if err != nil {
		return err
	}
	graph := oauth2.NewClient(ctx, latchkey.TokenSource(ctx, api, os.Getenv("ACCOUNT_KEY_ID")))
	address := cmp.Or(os.Getenv("GRAPH_URL"), "https://graph.microsoft.com") + "/v1.0/me/messages?$top=5&$select=subject"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	answer, err := graph.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("Microsoft Graph answered %s", answer.Status)
	}
	var page struct {
		Value []struct {
			Subject string `json:"subject"`
		} `json:"value"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&page); err != nil {
		return err
	}
	for _, message := range page.Value {
		fmt.Println(message.Subject)
	}
	return nil
}
