package authflow

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/entra"
)

// SightingPlace says where a person meets something on the way through the sign-in.
type SightingPlace string // @name SightingPlace

// The places, as package entra has them.
const (
	PlaceErrorPage    SightingPlace = "error_page"    // The way ends there
	PlaceApprovalPage SightingPlace = "approval_page" // Instead of the list of permissions
	PlaceSignInPage   SightingPlace = "sign_in_page"  // The way goes on
	PlaceWindow       SightingPlace = "window"        // No page of Microsoft's at all
	PlaceElsewhere    SightingPlace = "elsewhere"     // Only in answers that Latchkey itself reads
)

type sightingView struct {
	Code    string        `json:"code" validate:"required" example:"redirect_uri_not_registered"`
	Place   SightingPlace `json:"place" validate:"required"`
	Texts   []string      `json:"texts" validate:"required"`                   // What the page says, the most telling first; … stands for what differs
	Numbers []int         `json:"numbers" validate:"required" example:"50011"` // The AADSTS numbers that it goes by
	Class   FailureClass  `json:"class" validate:"required"`
	Field   string        `json:"field" validate:"required" example:"redirectUri"` // Empty when no field is at fault
	Message string        `json:"message" validate:"required"`
	Fix     string        `json:"fix" validate:"required"`
} // @name Sighting

type sightingList struct {
	Items []sightingView `json:"items" validate:"required"`
} // @name SightingList

// @Summary   List what can go wrong on Microsoft's pages
// @Description  What a person may see there, which Latchkey never hears of: likely cause and fix, by text or AADSTS number.
// @ID        listMicrosoftErrors
// @Tags      Authorizations
// @Security  ApiClient[account-keys:read]
// @Success   200  {object}  sightingList
// @Router    /api/v1/microsoft-errors [get]
func (a *API) sightings(c echo.Context) error {
	list := sightingList{Items: []sightingView{}}
	for _, s := range entra.Sightings() {
		list.Items = append(list.Items, sightingView{
			Code: s.Advice.Code, Place: SightingPlace(s.Place), Texts: s.Texts, Numbers: s.Numbers,
			Class: FailureClass(s.Advice.Class), Field: s.Advice.Field, Message: s.Advice.Message, Fix: s.Advice.Fix,
		})
	}
	return c.JSON(http.StatusOK, list)
}
