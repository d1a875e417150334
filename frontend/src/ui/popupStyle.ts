/** What floats above the page: menus and lists of options. */
export const popupStyle =
  "max-w-[min(28rem,calc(100vw-1rem))] rounded-lg border border-line bg-raised p-1 text-base shadow-lg outline-none transition-[opacity,scale] duration-100 origin-(--transform-origin) data-starting-style:scale-98 data-starting-style:opacity-0 data-ending-style:opacity-0";
