package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// Kind says how a call broke before there was a whole answer.
type Kind string

// The kinds of failure.
const (
	Cancelled   Kind = "cancelled"   // Our caller went away.
	Timeout     Kind = "timeout"     // No answer in time.
	Unreachable Kind = "unreachable" // No connection: name, address, route, refused.
	Untrusted   Kind = "untrusted"   // The server's certificate does not check out.
	Broken      Kind = "broken"      // The connection broke, or what came was not HTTP.
	TooLarge    Kind = "too_large"   // The answer is longer than we accept.
)

// Failure is a call that brought no answer. Its text names what the network said, never what the
// other side sent: a hostile or confused server may repeat a secret, and net/http quotes it.
type Failure struct {
	Kind   Kind
	Detail string // Safe to log and to show to an administrator. May be empty.
	cause  error
}

// Error returns the kind and, where it is safe, the network's own words.
func (f *Failure) Error() string {
	if f.Detail == "" {
		return string(f.Kind)
	}
	return string(f.Kind) + ": " + f.Detail
}

// Is lets errors.Is see through to context.Canceled, context.DeadlineExceeded and system errors,
// without giving out the cause itself, whose text is not ours.
func (f *Failure) Is(target error) bool {
	switch target {
	case context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, ErrBodyTooLarge:
		return errors.Is(f.cause, target)
	}
	var number syscall.Errno
	return errors.As(target, &number) && errors.Is(f.cause, number)
}

// GoString keeps %#v from walking into the cause.
func (f *Failure) GoString() string { return "upstream.Failure{" + f.Error() + "}" }

// Describe turns the error of a call or of reading its body into a Failure.
func Describe(err error) *Failure {
	var failure *Failure
	if errors.As(err, &failure) {
		return failure
	}
	var (
		timeout interface{ Timeout() bool }
		dns     *net.DNSError
		op      *net.OpError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return &Failure{Kind: Cancelled, cause: err}
	case errors.Is(err, ErrBodyTooLarge):
		return &Failure{Kind: TooLarge, cause: err}
	case isUntrusted(err):
		return &Failure{Kind: Untrusted, Detail: certificateDetail(err), cause: err}
	case errors.As(err, &dns) && !dns.IsTimeout:
		return &Failure{Kind: Unreachable, Detail: dns.Error(), cause: err}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return &Failure{Kind: Timeout, cause: err}
	case errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect"):
		return &Failure{Kind: Unreachable, Detail: op.Error(), cause: err}
	case errors.As(err, &op):
		return &Failure{Kind: Broken, Detail: op.Error(), cause: err}
	default:
		return &Failure{Kind: Broken, cause: err}
	}
}

func isUntrusted(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		invalid      x509.CertificateInvalidError
		host         x509.HostnameError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) ||
		errors.As(err, &invalid) || errors.As(err, &host)
}

// certificateDetail chooses the innermost error: its text holds names from the certificate only.
func certificateDetail(err error) string {
	var (
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		host      x509.HostnameError
	)
	switch {
	case errors.As(err, &host):
		return host.Error()
	case errors.As(err, &invalid):
		return invalid.Error()
	case errors.As(err, &authority):
		return authority.Error()
	}
	return "the certificate could not be verified"
}
