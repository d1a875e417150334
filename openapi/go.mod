module github.com/latchkey/latchkey/openapi

go 1.26
