export { EntryTable } from "./EntryTable";
