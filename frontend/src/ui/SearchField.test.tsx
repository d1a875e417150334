import { render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { useState } from "react";
import { expect, test, vi } from "vitest";
import { Button } from "./Button";
import { SearchField } from "./SearchField";

/** Longer than any test: what these tests see was not brought by the time. */
const long = 3_600_000;

function Searching({ told, delay }: { told: (value: string) => void; delay: number }) {
  const [value, setValue] = useState("");
  const change = (next: string) => {
    told(next);
    setValue(next);
  };
  return (
    <>
      <SearchField label="Search" value={value} onChange={change} delay={delay} />
      <Button onClick={() => setValue("")}>Clear filters</Button>
      <Button onClick={() => setValue("before")}>Back</Button>
    </>
  );
}

function search(delay = long) {
  const told = vi.fn<(value: string) => void>();
  render(<Searching told={told} delay={delay} />);
  return { told, user: userEvent.setup(), box: screen.getByRole("textbox", { name: "Search" }) };
}

test("what is typed is told once, when typing rests", async () => {
  const { told, user, box } = search(20);
  await user.type(box, "inv");
  await vi.waitFor(() => expect(told).toHaveBeenLastCalledWith("inv"));
  expect(box).toHaveValue("inv");
});

test("Enter does not wait for that", async () => {
  const { told, user, box } = search();
  await user.type(box, "inv{Enter}");
  expect(told.mock.calls).toEqual([["inv"]]);
});

test("clearing the filters while a search is being typed clears it too", async () => {
  const { user, box } = search();
  await user.type(box, "inv");
  await user.click(screen.getByRole("button", { name: "Clear filters" }));
  expect(box).toHaveValue("");
});

test("a value that comes from outside ends what was being typed", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const { told, user, box } = search(250);
  await user.type(box, "inv");
  // Not with the mouse: the box keeps the focus, as it does when the browser goes back.
  screen.getByRole("button", { name: "Back" }).dispatchEvent(new MouseEvent("click", { bubbles: true }));
  await vi.waitFor(() => expect(box).toHaveValue("before"));
  await vi.advanceTimersByTimeAsync(long);
  expect(box).toHaveValue("before");
  expect(told).not.toHaveBeenCalled();
});

test("Escape and the cross empty it at once", async () => {
  const { told, user, box } = search();
  await user.type(box, "a{Escape}");
  expect(box).toHaveValue("");
  await user.type(box, "b");
  await user.click(screen.getByRole("button", { name: "Clear search" }));
  expect(box).toHaveValue("");
  expect(told).toHaveBeenLastCalledWith("");
});
