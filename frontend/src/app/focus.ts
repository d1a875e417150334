import type { AnyRouter } from "@tanstack/react-router";

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
