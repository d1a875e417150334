package authflow_test

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/authflow"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// follow is somebody who chooses Continue on a link's page, signs in, and comes back.
func (f fixture) follow(t *testing.T, link, person string, decision emulator.Decision) {
	t.Helper()
	followed := f.admin.Call(http.MethodPost, link, nil).Status(http.StatusOK)
	callback, err := f.Emulator.SignIn(followed.Text("url"), person, decision)
	require.NoError(t, err)
	f.comeBack(t, callback)
}

func TestDecideAboutLink(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	waits := func(t *testing.T, keyID, linkID string) (shown attempt, account string) {
		t.Helper()
		got := f.get(keyID, linkID).Status(http.StatusOK)
		require.Equal(t, "needs_confirmation", got.Text("status"))
		return attempt{keyID: keyID, id: got.Text("id")}, got.Text("account", "userPrincipalName")
	}
	upn := func(keyID string) string { return f.key(keyID).Text("account", "userPrincipalName") }

	t.Run("what is confirmed is what was shown, whoever signed in meanwhile", func(t *testing.T) {
		keyID := f.authorized(t, "Two by one link")
		linkID, link := f.link(keyID)
		f.follow(t, link, "tomas", emulator.Accept)
		shown, account := waits(t, keyID, linkID)
		require.Equal(t, "tomas@fabrikam.example", account)
		require.NotEqual(t, linkID, shown.id)
		f.follow(t, link, "ines", emulator.Accept)

		for _, verb := range []string{"confirm", "reject"} {
			got := f.decide(attempt{keyID: keyID, id: linkID}, verb).Status(http.StatusConflict)
			require.Equal(t, "several_signed_in", got.Text("code"))
		}
		require.Equal(t, "mara@fabrikam.example", upn(keyID))
		require.Equal(t, "succeeded", f.decide(shown, "confirm").Status(http.StatusOK).Text("status"))
		require.Equal(t, "tomas@fabrikam.example", upn(keyID))
	})
	t.Run("a link's id never stands for one who signed in after the one that was shown was rejected", func(t *testing.T) {
		keyID := f.authorized(t, "One after the other")
		linkID, link := f.link(keyID)
		f.follow(t, link, "tomas", emulator.Accept)
		shown, _ := waits(t, keyID, linkID)
		require.Equal(t, "rejected", f.decide(shown, "reject").Status(http.StatusOK).Text("failure", "code"))
		f.follow(t, link, "ines", emulator.Accept)
		f.decide(attempt{keyID: keyID, id: linkID}, "confirm").Status(http.StatusConflict)
		require.Equal(t, "mara@fabrikam.example", upn(keyID))
		shown, account := waits(t, keyID, linkID)
		require.Equal(t, "ines@fabrikam.example", account)
		f.decide(shown, "confirm").Status(http.StatusOK)
		require.Equal(t, "ines@fabrikam.example", upn(keyID))
	})
	t.Run("a link by which one account signed in can be decided about by its own id", func(t *testing.T) {
		for verb, want := range map[string]string{"confirm": "succeeded", "reject": "failed"} {
			keyID := f.authorized(t, "Alone, "+verb)
			linkID, link := f.link(keyID)
			require.Equal(t, "nothing_to_confirm", f.decide(attempt{keyID: keyID, id: linkID}, verb).Status(http.StatusConflict).Text("code"))
			f.follow(t, link, "tomas", emulator.Accept)
			require.Equal(t, want, f.decide(attempt{keyID: keyID, id: linkID}, verb).Status(http.StatusOK).Text("status"))
		}
	})
}

func TestLinkStatus(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	status := func(keyID, linkID string) string { return f.get(keyID, linkID).Text("status") }

	t.Run("it stays pending when somebody declines, until it is too old", func(t *testing.T) {
		keyID := f.admin.CreateKey("Declined once")
		linkID, link := f.link(keyID)
		f.follow(t, link, "mara", emulator.Decline)
		got := f.get(keyID, linkID)
		require.Equal(t, "pending", got.Text("status"))
		require.Equal(t, linkID, got.Text("id"))
		f.Emulator.Advance(25 * time.Hour)
		require.Equal(t, "declined", f.get(keyID, linkID).Text("failure", "code"), "what came of it tells more than that it is over")
	})
	t.Run("it stays pending when one who followed it never came back from a crash of ours", func(t *testing.T) {
		keyID := f.admin.CreateKey("Crashed")
		linkID, link := f.link(keyID)
		f.admin.Call(http.MethodPost, link, nil).Status(http.StatusOK)
		require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error {
			return tx.Model(&authflow.Attempt{}).Where("parent_id = ?", linkID).Update("status", "redeeming").Error
		}))
		require.Equal(t, "pending", status(keyID, linkID))
		f.Emulator.Advance(11 * time.Minute)
		require.Equal(t, "pending", status(keyID, linkID))
		f.follow(t, link, "mara", emulator.Accept)
		require.Equal(t, "succeeded", status(keyID, linkID))
	})
	t.Run("it is pending again once a sign-in by another account was rejected", func(t *testing.T) {
		keyID := f.authorized(t, "Rejected")
		linkID, link := f.link(keyID)
		f.follow(t, link, "tomas", emulator.Accept)
		f.decide(attempt{keyID: keyID, id: f.get(keyID, linkID).Text("id")}, "reject").Status(http.StatusOK)
		require.Equal(t, "pending", status(keyID, linkID))
	})
}

func TestLinkIsFollowedTooOften(t *testing.T) {
	t.Parallel()
	const most = 10
	f := newFixture(t)
	keyID := f.admin.CreateKey("Sent around")
	_, link := f.link(keyID)
	press := func(link string) apptest.Answer { return f.Call(http.MethodPost, link, nil) }
	refused := func(link string) apptest.Answer {
		asked, rows := f.Emulator.Count("token"), f.count(t, &authflow.Attempt{}, keyID)
		got := press(link).Status(http.StatusTooManyRequests)
		require.Equal(t, "link_busy", got.Text("code"))
		require.Equal(t, asked, f.Emulator.Count("token"), "Microsoft is not asked")
		require.Equal(t, rows, f.count(t, &authflow.Attempt{}, keyID))
		return got
	}

	t.Run("of many at once a few get through", func(t *testing.T) {
		var through atomic.Int32
		var all sync.WaitGroup
		for range 2 * most {
			all.Go(func() {
				if press(link).Code == http.StatusOK {
					through.Add(1)
				}
			})
		}
		all.Wait()
		require.Equal(t, int32(most), through.Load())
		require.NotEmpty(t, refused(link).Header.Get("Retry-After"))
		_, other := f.link(keyID)
		press(other).Status(http.StatusOK)
	})
	t.Run("it can be followed again when that long has passed", func(t *testing.T) {
		got := refused(link)
		after, err := strconv.Atoi(got.Header.Get("Retry-After"))
		require.NoError(t, err)
		f.Emulator.Advance(time.Duration(after+1) * time.Second)
		f.follow(t, link, "mara", emulator.Accept)
		require.Equal(t, "authorized", f.key(keyID).Text("status"))
	})
	t.Run("one that Microsoft finds fault with counts as well", func(t *testing.T) {
		keyID = f.admin.CreateKey("Wrong by now")
		_, link := f.link(keyID)
		f.admin.Call(http.MethodPatch, keyPath(keyID), map[string]any{"clientSecret": "wrong~secret"}).Status(http.StatusOK)
		for range most {
			press(link).Status(http.StatusUnprocessableEntity)
		}
		refused(link)
	})
}
