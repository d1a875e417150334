import { expect, test } from "vitest";
import { someSightings } from "@/test/factories";
import { findSightings, numbersIn } from "./sightings";

const codes = (question: string) => findSightings(someSightings(), question).map(({ code }) => code);

test("without a question everything is there that can be on show", () => {
  expect(codes("  ")).toEqual([
    "redirect_uri_not_registered",
    "client_not_found",
    "tenant_not_found",
    "admin_consent_required",
    "mfa_required",
    "window_closed",
  ]);
});

test.each([
  ["AADSTS50011", "redirect_uri_not_registered"],
  ["aadsts50011: The redirect…", "redirect_uri_not_registered"],
  ["50011", "redirect_uri_not_registered"],
  [
    "Sorry, but we’re having trouble signing you in.\n\nAADSTS700016: Application with identifier 'c2a9e6f0-58d4-4b7e-8f33-90b7d1e4a702' was " +
      "not found in the directory 'Fabrikam'.\nRequest Id: 90002000-0000-4000-8000-000000050011\nTimestamp: 2026-03-04T09:12:44Z",
    "client_not_found",
  ],
  ["https://login.microsoftonline.com/error?code=90094", "admin_consent_required"],
  ["Error Code: 50173", "grant_revoked"],
  ["AADSTS50173", "grant_revoked"],
])("the number in %j finds its answer alone", (question, code) => {
  expect(codes(question)).toEqual([code]);
});

test.each([
  [
    "the redirect uri ‘https://a.example’ specified in the request does not match the redirect URIs configured for the application “x”.",
    "redirect_uri_not_registered",
  ],
  [
    "Tenant 'fabrikam.example' not found. Check to make sure you have the correct tenant ID.",
    "tenant_not_found",
  ],
  ["NEED ADMIN   APPROVAL", "admin_consent_required"],
  ["https://aka.ms/redirectUriMismatchError", "redirect_uri_not_registered"],
])("the page's own words %j find their answer alone", (question, code) => {
  expect(codes(question)).toEqual([code]);
});

test("some words find what they occur in, the best first", () => {
  expect(codes("admin approval")).toEqual(["admin_consent_required"]);
  expect(codes("the window just closed")[0]).toBe("window_closed");
  expect(codes("popup")).toEqual(["window_closed"]);
});

test.each(["AADSTS999999", "zzz", "7b1d0c5e-3f52-4c0a-9a46-1f0d6f5a2e11", "a b", "?"])(
  "nothing is found for %j",
  (question) => {
    expect(codes(question)).toEqual([]);
  },
);

test("a number that is not known does not keep the words from being found", () => {
  expect(codes("AADSTS999999: Need admin approval")).toEqual(["admin_consent_required"]);
});

test("ids and times hold no numbers of errors", () => {
  expect(numbersIn("Request Id: 12345678-0000 Timestamp: 2026-03-04 09:12:44Z 50011 files")).toEqual([]);
  expect(numbersIn("AADSTS50011 AADSTS50011 aadsts700016")).toEqual([50011, 700016]);
});
