import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { useState } from "react";
import { expect, test, vi } from "vitest";
import { Problem } from "@/api/problem";
import { Button } from "./Button";
import { ConfirmDialog } from "./ConfirmDialog";
import { Dialog } from "./Dialog";

type AskingProps = { typedName?: string; act: () => Promise<unknown> };

function Asking({ typedName, act }: AskingProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Suspend</Button>
      <ConfirmDialog
        open={open}
        onClose={() => setOpen(false)}
        title="Suspend it?"
        confirmLabel="Yes, suspend"
        typedName={typedName}
        onConfirm={act}
      >
        <p>Nothing is served.</p>
      </ConfirmDialog>
    </>
  );
}

async function ask(props: AskingProps) {
  const user = userEvent.setup();
  render(<Asking {...props} />);
  await user.tab();
  await user.keyboard("{Enter}");
  return { user, dialog: await screen.findByRole("alertdialog", { name: "Suspend it?" }) };
}

/** Something that goes on until it is told how it ends. */
function running() {
  let fail!: (error: unknown) => void;
  const end = new Promise((_, reject) => (fail = reject));
  return { act: () => end, fail: () => fail(new Problem({ status: 503, code: "busy", detail: "Not now." })) };
}

test("a question begins at the way out", async () => {
  const act = vi.fn<() => Promise<void>>();
  const { user, dialog } = await ask({ act });
  await waitFor(() => expect(screen.getByRole("button", { name: "Cancel" })).toHaveFocus());
  await user.keyboard("{Enter}");
  await waitFor(() => expect(dialog).not.toBeInTheDocument());
  expect(act).not.toHaveBeenCalled();
});

test("a question that wants a name begins there", async () => {
  await ask({ act: vi.fn<() => Promise<void>>(), typedName: "Invoices" });
  await waitFor(() => expect(screen.getByLabelText("Type “Invoices” to confirm")).toHaveFocus());
});

test("a key that is held answers no question", async () => {
  await ask({ act: vi.fn<() => Promise<void>>() });
  const yes = screen.getByRole("button", { name: "Yes, suspend" });
  expect(fireEvent.keyDown(yes, { key: "Enter", repeat: true })).toBe(false);
  expect(fireEvent.keyDown(yes, { key: "Enter" })).toBe(true);
});

test("a question stays until its answer was carried out, and tells what failed", async () => {
  const { act, fail } = running();
  const { user, dialog } = await ask({ act });
  await user.click(screen.getByRole("button", { name: "Yes, suspend" }));
  await user.keyboard("{Escape}");
  await user.click(screen.getByRole("button", { name: "Cancel" }));
  fail();
  expect(await screen.findByRole("alert")).toHaveTextContent("Not now.");
  await user.keyboard("{Escape}");
  await waitFor(() => expect(dialog).not.toBeInTheDocument());
});

test("a dialog stays while its form is on the way", async () => {
  const onClose = vi.fn<() => void>();
  const form = (pending: boolean) => (
    <Dialog open onClose={onClose} title="Rename">
      <form>
        <Button type="submit" pending={pending}>
          Save
        </Button>
      </form>
    </Dialog>
  );
  const user = userEvent.setup();
  const { rerender } = render(form(true));
  await screen.findByRole("dialog", { name: "Rename" });
  await user.keyboard("{Escape}");
  await user.click(screen.getByRole("button", { name: "Close" }));
  expect(onClose).not.toHaveBeenCalled();
  rerender(form(false));
  await user.keyboard("{Escape}");
  expect(onClose).toHaveBeenCalledOnce();
});
