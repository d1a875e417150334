import type { AnyRouter } from "@tanstack/react-router";
import { useEffect } from "react";

/**
 * After a navigation, focus goes to the new page's heading, so that screen readers read it and Tab goes on from
 * there. A page that focused something itself keeps it, and a change of search parameters alone moves nothing.
 */
export function followNavigation(router: AnyRouter) {
  router.subscribe("onRendered", ({ fromLocation, toLocation }) => {
    if (!fromLocation || fromLocation.pathname === toLocation.pathname) return;
    const main = document.querySelector("main");
    if (!main || (main !== document.activeElement && main.contains(document.activeElement))) return;
    const heading = main.querySelector("h1");
    (heading ?? main).focus({ preventScroll: true });
  });
}

/** Where focus is, what around it could take it over (the innermost first), and the page that it is on. */
type Place = { element: HTMLElement; around: HTMLElement[]; heading: Element | null };

const pageHeading = () => document.querySelector<HTMLElement>("main h1[tabindex]");

function placeOf(element: HTMLElement): Place {
  const around: HTMLElement[] = [];
  for (let above = element.parentElement; above; above = above.parentElement)
    if (above.tabIndex === -1 && above.hasAttribute("tabindex")) around.push(above);
  return { element, around, heading: pageHeading() };
}

/** The step or dialog that focus was in while that is there, else the page's heading. */
function moveOnFrom({ around, heading: before }: Place) {
  const nearest = around.find((above) => above.isConnected && above.localName !== "main");
  const heading = pageHeading();
  const target = nearest ?? heading ?? document.querySelector("main");
  // What a dialog has closed off takes no focus: the dialog is about to have it.
  if (!target || target.closest("[inert], [aria-hidden=true]")) return;
  // What came instead of the page begins at its top.
  target.focus({ preventScroll: target !== heading || heading === before });
}

/**
 * When what had the focus goes from the page, such as the button of a step that is done or a form that gave way to
 * what it made, the browser lets focus fall to the top of the document without a word. This hook moves it on to what
 * is still around it. Focus that somebody took away themselves stays away.
 */
export function useKeptFocus() {
  useEffect(() => {
    let last: Place | null = null;
    let frame = 0;
    const enter = ({ target }: FocusEvent) => {
      if (target instanceof HTMLElement) last = placeOf(target);
    };
    const leave = ({ target }: FocusEvent) =>
      // Some browsers say so of what is being removed, too; only afterwards can the two be told apart.
      queueMicrotask(() => {
        const { element } = last ?? {};
        if (element === target && element?.isConnected && document.activeElement !== element) last = null;
      });
    const lost = () => last && !last.element.isConnected && document.activeElement === document.body;
    const observer = new MutationObserver(() => {
      if (!lost()) return;
      window.cancelAnimationFrame(frame);
      // Whoever takes the focus on purpose, as a closing dialog does for its button, comes first.
      frame = window.requestAnimationFrame(() => {
        if (last && lost()) moveOnFrom(last);
      });
    });
    document.addEventListener("focusin", enter);
    document.addEventListener("focusout", leave);
    observer.observe(document.body, { childList: true, subtree: true });
    return () => {
      window.cancelAnimationFrame(frame);
      observer.disconnect();
      document.removeEventListener("focusin", enter);
      document.removeEventListener("focusout", leave);
    };
  }, []);
}
