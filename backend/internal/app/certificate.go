package app

import (
	"context"
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
)

// certificate is the pair that TLS is served with. Files that were renewed count from the next connection on.
// While they cannot be read or don't fit each other, as half-way through a renewal, the pair before them goes on.
type certificate struct {
	files  [2]string // the certificate's, the key's
	logger *slog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	seen    [2]os.FileInfo // what the files were when the pair was read
	problem string         // the last that was logged
}

// get serves as tls.Config.GetCertificate.
func (c *certificate) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.read(hello.Context())
	switch {
	case err == nil:
		c.problem = ""
	case c.pair == nil:
		return nil, err
	case c.problem != err.Error():
		c.problem = err.Error()
		c.logger.WarnContext(hello.Context(), "serving the old certificate, because the renewed one is no good", "error", err)
	}
	return c.pair, nil
}

// read takes the pair from its files if they are not those that it was taken from before.
func (c *certificate) read(ctx context.Context) error {
	var found [2]os.FileInfo
	same := c.pair != nil
	for i, name := range c.files {
		info, err := os.Stat(name) // before reading: what is written meanwhile is noticed next time
		if err != nil {
			return err
		}
		found[i] = info
		same = same && os.SameFile(info, c.seen[i]) && info.Size() == c.seen[i].Size() && info.ModTime().Equal(c.seen[i].ModTime())
	}
	if same {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.files[0], c.files[1])
	if err != nil {
		return err
	}
	if c.pair != nil {
		c.logger.InfoContext(ctx, "serving a renewed certificate", "not_after", pair.Leaf.NotAfter)
	}
	c.pair, c.seen = &pair, found
	return nil
}
