package db

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"
)

// Fold is what makes two texts the same whatever their case. It is done here and not in SQL, so that
// every database agrees; a column that is searched holds folded text.
func Fold(text string) string { return cases.Fold().String(norm.NFKC.String(text)) }

// WhereWords narrows a query to rows whose column of folded text contains every word of a search.
func WhereWords(q *gorm.DB, column, search string) *gorm.DB {
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	for word := range strings.FieldsSeq(Fold(search)) {
		q = q.Where(column+` LIKE ? ESCAPE '\'`, "%"+escape.Replace(word)+"%")
	}
	return q
}
