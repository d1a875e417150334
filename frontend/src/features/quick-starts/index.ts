export { QuickStarts } from "./QuickStarts";
