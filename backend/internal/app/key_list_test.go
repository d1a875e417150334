package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestKeyList(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	var made []string
	for i, name := range []string{"Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo"} {
		made = append(made, admin.CreateKey("Mailbox "+name, with("description", []string{"100%_sure", "Größe"}[i%2])))
	}
	admin.Authorize(made[2], "mara", emulator.Accept)
	admin.Call(http.MethodPost, keysPath+"/"+made[3]+"/suspend", nil).Status(http.StatusOK)
	list := func(query string) apptest.Answer {
		return admin.Call(http.MethodGet, keysPath+"?"+query, nil).Status(http.StatusOK)
	}
	names := func(query string) []string {
		found := []string{}
		for _, item := range list(query).Items() {
			name, _ := item["displayName"].(string)
			found = append(found, name)
		}
		return found
	}

	t.Run("pages go from the newest to the oldest without gap or repeat", func(t *testing.T) {
		var seen []string
		query := "limit=3"
		for _, size := range []int{3, 3, 1} {
			page := list(query)
			require.Len(t, page.Items(), size)
			for _, item := range page.Items() {
				id, _ := item["id"].(string)
				seen = append([]string{id}, seen...)
			}
			if size == 1 {
				require.Nil(t, page.At("nextCursor"))
				break
			}
			query = "limit=3&cursor=" + url.QueryEscape(page.Text("nextCursor"))
		}
		require.Equal(t, made, seen)
	})
	t.Run("a page that is exactly full is the last one", func(t *testing.T) {
		require.Nil(t, list("limit=7").At("nextCursor"))
	})
	t.Run("a key made or deleted meanwhile shifts nothing", func(t *testing.T) {
		gone := admin.CreateKey("Soon gone")
		first := list("limit=1")
		require.Equal(t, gone, first.Items()[0]["id"])
		admin.Call(http.MethodDelete, keysPath+"/"+gone, nil).Status(http.StatusNoContent)
		next := list("limit=1&cursor=" + first.Text("nextCursor"))
		require.Equal(t, made[6], next.Items()[0]["id"])
	})
	t.Run("search finds words in any case in name, description, account and ids", func(t *testing.T) {
		require.Equal(t, []string{"Mailbox Fir"}, names("q=MAILBOX+fir"))
		require.Equal(t, []string{"Mailbox Fir", "Mailbox Dogwood", "Mailbox Birch"}, names("q="+url.QueryEscape("GRÖSSE")))
		require.Equal(t, []string{"Mailbox Cedar"}, names("q=mara@fabrikam"))
		require.Len(t, names("q="+a.Emulator.Seed().ClientID[:8]), 7)
		require.Empty(t, names("q=nowhere"))
	})
	t.Run("signs of the database are only signs", func(t *testing.T) {
		require.Len(t, names("q="+url.QueryEscape("100%_s")), 4)
		require.Empty(t, names("q="+url.QueryEscape("100_%s")))
		require.Empty(t, names("q="+url.QueryEscape(`' OR 1=1 --`)))
	})
	t.Run("a status narrows the list", func(t *testing.T) {
		require.Equal(t, []string{"Mailbox Cedar"}, names("status=authorized"))
		require.Equal(t, []string{"Mailbox Dogwood"}, names("status=suspended"))
		require.Len(t, names("status=draft"), 5)
		require.Equal(t, []string{"Mailbox Elm"}, names("status=draft&q=elm"))
		require.Empty(t, names("status=revoked"))
	})
	t.Run("what is no value of a parameter is refused at its name", func(t *testing.T) {
		for query, want := range map[string]string{
			"limit=0": "limit:out_of_range", "limit=201": "limit:out_of_range", "limit=many": "limit:out_of_range",
			"cursor=here": "cursor:invalid", "status=lost": "status:unknown", "type=imap": "type:unknown", "q=a%00b": "q:invalid",
			"q=%ff": "q:invalid", "q=a%20%c3": "q:invalid", "status=%ff": "status:invalid", "type=%ff": "type:invalid",
			"cursor=%ff": "cursor:invalid", "limit=%ff": "limit:invalid",
			"q=" + strings.Repeat("%C3%B6", 256): "q:invalid",
		} {
			got := admin.Call(http.MethodGet, keysPath+"?"+query, nil).Status(http.StatusUnprocessableEntity)
			require.Equal(t, []string{want}, got.FieldErrors(), query)
		}
	})
	t.Run("characters are counted, not bytes", func(t *testing.T) {
		require.Empty(t, names("q="+strings.Repeat("%C3%B6", 255)))
	})
}
