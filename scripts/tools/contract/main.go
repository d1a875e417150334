// Command contract writes the OpenAPI documents from the comments on the handlers.
//
// It runs swag over the back end's packages, converts the Swagger 2.0 it gets into OpenAPI 3.0,
// mends what Swagger 2.0 cannot say, derives the OpenAPI 3.1 document from that, validates both,
// and writes them byte for byte the same for the same source. With -check it writes nothing and
// fails when a file on disk differs.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	source := flag.String("source", "../../backend/internal", "folder whose packages hold the handlers")
	out := flag.String("out", "../../openapi", "folder of openapi.json and openapi-3.0.json")
	check := flag.Bool("check", false, "write nothing; fail when a document is out of date")
	flag.Parse()

	if err := run(*source, *out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "contract:", err)
		os.Exit(1)
	}
}

// run generates both documents and writes them to out, or compares them with what is there.
func run(source, out string, check bool) error {
	docs, err := generate(source)
	if err != nil {
		return err
	}
	for _, file := range []struct {
		name    string
		content []byte
	}{
		{"openapi.json", docs.v31},
		{"openapi-3.0.json", docs.v30},
	} {
		path := filepath.Join(out, file.name)
		old, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		if bytes.Equal(old, file.content) {
			continue
		}
		if check {
			return fmt.Errorf("%s is out of date: run `make generate` and commit what it writes", path)
		}
		if err := os.WriteFile(path, file.content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// documents are the two renderings of one contract.
type documents struct {
	v30, v31 []byte
}

// generate reads the comments under source and renders both documents.
func generate(source string) (documents, error) {
	swagger, err := parse(source)
	if err != nil {
		return documents{}, err
	}
	doc, err := convert(swagger)
	if err != nil {
		return documents{}, err
	}
	types, err := readTypes(source)
	if err != nil {
		return documents{}, err
	}
	types.mend(doc)
	if err := errors.Join(mend(doc), illustrate(doc, source)); err != nil {
		return documents{}, err
	}
	return render(doc)
}
