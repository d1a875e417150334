package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/swaggo/swag"
)

// notServed are packages that never answer for the product: swag must not read their types.
var notServed = []string{"apptest", "dbtest", "emulator", "testdata"}

// parse runs swag over every package under source and returns Swagger 2.0 as JSON.
func parse(source string) ([]byte, error) {
	dirs, general, err := packages(source)
	if err != nil {
		return nil, err
	}
	if general == "" {
		return nil, fmt.Errorf("no file under %s has a comment with @title", source)
	}
	general, err = filepath.Rel(dirs[0], general)
	if err != nil {
		return nil, err
	}
	parser := swag.New(
		swag.SetStrict(true),
		swag.SetDebugger(log.New(io.Discard, "", 0)),
	)
	if err := parser.ParseAPIMultiSearchDir(dirs, general, 0); err != nil {
		return nil, err
	}
	swagger := parser.GetSwagger()
	if len(swagger.Consumes) == 0 {
		swagger.Consumes = []string{"application/json"}
	}
	return json.Marshal(swagger)
}

// packages lists the outermost folders under source that hold Go files, because swag asks `go list`
// for the import path of each and walks it itself, and finds the file with the general comments.
func packages(source string) (dirs []string, general string, err error) {
	err = filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if path != source && slices.Contains(notServed, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		inside := func(dir string) bool { return strings.HasPrefix(path, dir+string(filepath.Separator)) }
		if !slices.ContainsFunc(dirs, inside) {
			dirs = append(dirs, filepath.Dir(path))
		}
		content, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(content), "\n// @title ") {
			general = path
		}
		return err
	})
	if err == nil && len(dirs) == 0 {
		err = errors.New("no Go package under " + source)
	}
	return dirs, general, err
}
