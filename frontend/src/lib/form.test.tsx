import { cleanup, render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { Problem } from "@/api/problem";
import { Button } from "@/ui/Button";
import { FormError } from "@/ui/FormError";
import { RadioGroup } from "@/ui/RadioGroup";
import { TextField } from "@/ui/TextField";
import { useField, useForm, useRows } from "./form";
import { z } from "./zod";

const schema = z.object({
  name: z.string().trim().min(1, "Enter a name."),
  colour: z.enum(["red", "blue"]),
});

function Example({ act }: { act: (values: z.infer<typeof schema>) => Promise<unknown> }) {
  const form = useForm(schema, { name: "", colour: "red" });
  const colour = useField(form.control, "colour");
  return (
    <form noValidate onSubmit={form.submit(act)}>
      <TextField label="Name" {...form.text("name")} />
      <RadioGroup
        label="Colour"
        options={[
          { value: "red", label: "Red" },
          { value: "blue", label: "Blue" },
        ]}
        {...colour}
      />
      <FormError problem={form.problem} />
      <Button type="submit" pending={form.pending}>
        Send
      </Button>
    </form>
  );
}

function show(act: (values: z.infer<typeof schema>) => Promise<unknown>) {
  render(<Example act={act} />);
  return userEvent.setup();
}

const send = () => screen.getByRole("button", { name: "Send" });
const refused = (errors: Problem["fields"]) =>
  new Problem({ status: 422, code: "validation_failed", detail: "No.", errors });

test("the schema's message is on the input and nothing is sent", async () => {
  let calls = 0;
  const user = show(async () => void calls++);
  await user.click(send());
  expect(await screen.findByText("Enter a name.")).toBeVisible();
  expect(screen.getByLabelText("Name")).toHaveAccessibleDescription("Enter a name.");
  expect(screen.getByLabelText("Name")).toBeInvalid();
  await waitFor(() => expect(screen.getByLabelText("Name")).toHaveFocus());
  expect(calls).toBe(0);
});

test("what is sent is what the schema makes of it", async () => {
  const sent: unknown[] = [];
  const user = show(async (values) => void sent.push(values));
  await user.type(screen.getByLabelText("Name"), "  Ada ");
  await user.click(screen.getByRole("radio", { name: "Blue" }));
  await user.click(send());
  expect(sent).toEqual([{ name: "Ada", colour: "blue" }]);
});

test("the server's messages land on the inputs, the first of them focused", async () => {
  const user = show(() =>
    Promise.reject(refused([{ field: "name", code: "taken", message: "Already used." }])),
  );
  await user.type(screen.getByLabelText("Name"), "Ada");
  await user.click(send());
  expect(await screen.findByText("Already used.")).toBeVisible();
  expect(screen.getByLabelText("Name")).toHaveAccessibleDescription("Already used.");
  await waitFor(() => expect(screen.getByLabelText("Name")).toHaveFocus());
  expect(screen.queryByRole("alert")).not.toBeInTheDocument();
});

test("a message for a field that the form lacks is above the button", async () => {
  const user = show(() =>
    Promise.reject(refused([{ field: "weight", code: "invalid", message: "Too heavy." }])),
  );
  await user.type(screen.getByLabelText("Name"), "Ada");
  await user.click(send());
  expect(await screen.findByRole("alert")).toHaveTextContent("Too heavy.");
});

test("any other refusal is above the button, with what to do, and goes with the next try", async () => {
  let fail = true;
  const user = show(() =>
    fail
      ? Promise.reject(
          new Problem({ status: 409, code: "busy", detail: "It is in use.", fix: "Wait a little." }),
        )
      : Promise.resolve(),
  );
  await user.type(screen.getByLabelText("Name"), "Ada");
  await user.click(send());
  expect(await screen.findByRole("alert")).toHaveTextContent("It is in use.Wait a little.");
  fail = false;
  await user.click(send());
  expect(screen.queryByRole("alert")).not.toBeInTheDocument();
});

test("a second press while the first is under way sends nothing", async () => {
  let calls = 0;
  const finish: (() => void)[] = [];
  const user = show(() => {
    calls++;
    return new Promise<void>((resolve) => finish.push(resolve));
  });
  await user.type(screen.getByLabelText("Name"), "Ada");
  await user.click(send());
  expect(send()).toHaveAttribute("aria-disabled", "true");
  await user.click(send());
  await user.keyboard("{Enter}");
  expect(calls).toBe(1);
  for (const resolve of finish) resolve();
});

const listSchema = z.object({ rows: z.array(z.object({ name: z.string() })) });

function ListExample({ errors }: { errors: Problem["fields"] }) {
  const form = useForm(listSchema, { rows: [{ name: "one" }, { name: "two" }] });
  const { fields, error } = useRows(form.control, "rows");
  return (
    <form noValidate onSubmit={form.submit(() => Promise.reject(refused(errors)))}>
      {fields.map(({ id }, index) => (
        <TextField key={id} label={`Row ${index + 1}`} {...form.text(`rows.${index}.name`)} />
      ))}
      <p>{error}</p>
      <FormError problem={form.problem} />
      <Button type="submit">Send</Button>
    </form>
  );
}

test("what the server says of a row lands on its input, and of the list at the list", async () => {
  render(
    <ListExample
      errors={[
        { field: "rows.1.name", code: "invalid", message: "Not this one." },
        { field: "rows.7.name", code: "invalid", message: "There is no such row." },
        { field: "rows[0].name", code: "invalid", message: "Nobody placed this." },
      ]}
    />,
  );
  const user = userEvent.setup();
  await user.click(send());
  await waitFor(() => expect(screen.getByLabelText("Row 2")).toHaveFocus());
  expect(screen.getByLabelText("Row 2")).toHaveAccessibleDescription("Not this one.");
  expect(screen.getByLabelText("Row 1")).toBeValid();
  expect(screen.getByRole("alert")).toHaveTextContent("There is no such row.Nobody placed this.");
  cleanup();
  render(<ListExample errors={[{ field: "rows", code: "too_many", message: "At most one." }]} />);
  await user.click(send());
  expect(await screen.findByText("At most one.")).toBeVisible();
  expect(screen.queryByRole("alert")).not.toBeInTheDocument();
});
