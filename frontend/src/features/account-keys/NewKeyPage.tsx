import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useCreateAccountKey } from "@/api/account-keys";
import { instanceQuery } from "@/api/instance";
import { t } from "@/i18n/t";
import { useCan } from "@/lib/permissions";
import { Button, ButtonLink } from "@/ui/Button";
import { QueryView } from "@/ui/QueryView";
import { Select } from "@/ui/Select";
import { DeniedPage } from "@/ui/States";
import { NameForm } from "./NameForm";
import { Wizard } from "./Wizard";

/** The wizard until there is a key: type, then name. From there on SetUpKeyPage goes on. */
export function NewKeyPage() {
  const can = useCan();
  const instance = useQuery(instanceQuery);
  if (!can("account-keys:write")) return <DeniedPage title={t("wizard.denied")} />;
  return (
    <QueryView query={instance} heading={t("wizard.title")}>
      {({ accountKeyTypes }) => (
        <Steps types={accountKeyTypes.map(({ id, name }) => ({ value: id, label: name }))} />
      )}
    </QueryView>
  );
}

function Steps({ types }: { types: { value: string; label: string }[] }) {
  const [type, setType] = useState(types[0]?.value ?? "");
  const [step, setStep] = useState<"type" | "name">("type");
  const [name, setName] = useState({ displayName: "", description: "" });
  const create = useCreateAccountKey();
  const navigate = useNavigate();
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The step's first control takes over from the button that is gone.
    if (step === "name") body.current?.querySelector("input")?.focus();
  }, [step]);
  return (
    <Wizard
      title={t("wizard.title")}
      step={step}
      open={["type"]}
      onSelect={(to) => to === "type" && setStep("type")}
    >
      {step === "type" ? (
        <>
          <Select
            label={t("wizard.typeLabel")}
            hint={t("wizard.typeHint")}
            options={types}
            value={type}
            onChange={setType}
          />
          <div className="flex flex-wrap gap-2">
            <Button variant="primary" onClick={() => setStep("name")}>
              {t("wizard.next")}
            </Button>
            <ButtonLink to="/account-keys">{t("action.cancel")}</ButtonLink>
          </div>
        </>
      ) : (
        <div ref={body}>
          <NameForm
            initial={name}
            onChange={setName}
            submitLabel={t("wizard.next")}
            onSubmit={async (values) => {
              const { id } = await create.mutateAsync({ type, ...values });
              await navigate({
                to: "/account-keys/$id/setup",
                params: { id },
                search: { step: "redirect" },
                replace: true,
              });
            }}
            beside={<Button onClick={() => setStep("type")}>{t("action.back")}</Button>}
          />
        </div>
      )}
    </Wizard>
  );
}
