import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { BookOpen } from "lucide-react";
import { useRef, useState } from "react";
import { accountKeys, useUpdateAccountKey, type AccountKey, type AccountKeyChange } from "@/api/account-keys";
import type { Versioned } from "@/api/client";
import { RegistrationGuide, type Way } from "@/features/app-registration";
import { t } from "@/i18n/t";
import { useCan } from "@/lib/permissions";
import { Button } from "@/ui/Button";
import { CopyField } from "@/ui/Copy";
import { QueryView } from "@/ui/QueryView";
import { DeniedPage } from "@/ui/States";
import { AttemptStep } from "./AttemptStep";
import { useDetailsForm, type PlacedFailure } from "./detailsForm";
import { DetailsStep } from "./DetailsStep";
import { NameForm } from "./NameForm";
import { Wizard, type WizardStep } from "./Wizard";

const route = getRouteApi("/shell/account-keys/$id/setup");

/** The wizard once there is a key. Every step saves, so it can be left and opened again anywhere. */
export function SetUpKeyPage() {
  const can = useCan();
  const { id } = route.useParams();
  const query = useQuery({ ...accountKeys.one(id), enabled: can("account-keys:write") });
  if (!can("account-keys:write")) return <DeniedPage title={t("wizard.denied")} />;
  return (
    <QueryView
      query={query}
      heading={t("wizard.title")}
      back={<Link to="/account-keys">{t("accountKeys.title")}</Link>}
    >
      {(key) => <Steps key={key.id} accountKey={key} />}
    </QueryView>
  );
}

/** Where a key that is opened again was left. */
function stepOf(key: AccountKey): "redirect" | "details" {
  return key.tenantId === "" && key.clientId === "" && key.status === "draft" ? "redirect" : "details";
}

/**
 * The version that the forms were filled with, or that was saved from here: a later one is somebody else's. But the
 * one that an attempt made from here leads to, as long as nothing else is new about the key.
 */
function useSeenVersion(accountKey: Versioned<AccountKey>, following: boolean) {
  const [seen, setSeen] = useState(accountKey);
  const [followed, setFollowed] = useState(following);
  const authorized = followed && detailsOf(seen) === detailsOf(accountKey);
  return {
    etag: authorized ? accountKey.etag : seen.etag,
    saw: setSeen,
    follow: () => setFollowed(true),
  };
}

/** All that the wizard's forms can change. */
const detailsOf = (key: AccountKey) =>
  JSON.stringify([
    [key.displayName, key.description, key.cloud, key.tenantId, key.clientId, key.loginHint],
    [key.clientSecret, key.scopes],
  ]);

function Steps({ accountKey }: { accountKey: Versioned<AccountKey> }) {
  const { step = stepOf(accountKey), attempt, field, guide } = route.useSearch();
  const navigate = route.useNavigate();
  const update = useUpdateAccountKey(accountKey.id);
  const form = useDetailsForm(accountKey);
  const seen = useSeenVersion(accountKey, attempt !== undefined);
  const save = async (change: AccountKeyChange) => {
    const saved = await update.mutateAsync({ ...change, etag: seen.etag });
    seen.saw(saved);
    return saved;
  };
  const [failure, setFailure] = useState<PlacedFailure | null>(
    field ? { field, message: t("check.foundHere") } : null,
  );
  const opener = useRef<HTMLButtonElement>(null);
  const [openedByHand, setOpenedByHand] = useState(false);
  const [tenantId, cloud, scopes] = form.watch(["tenantId", "cloud", "scopes"]);
  const goTo = (to: WizardStep) => {
    if (to !== "type") void navigate({ search: { step: to, guide }, replace: true });
  };
  const showGuide = (way: Way | undefined) =>
    void navigate({ search: (before) => ({ ...before, guide: way }), replace: true, resetScroll: false });
  return (
    <Wizard
      title={t("wizard.setUpTitle", { name: accountKey.displayName })}
      step={step}
      open={["name", "redirect", "details"]}
      onSelect={goTo}
      actions={
        <Button
          ref={opener}
          aria-expanded={guide !== undefined}
          icon={<BookOpen aria-hidden="true" className="size-4" />}
          onClick={() => {
            setOpenedByHand(true);
            showGuide(guide === undefined ? "portal" : undefined);
          }}
        >
          {t("registration.open")}
        </Button>
      }
      aside={
        guide && (
          <RegistrationGuide
            accountKey={accountKey}
            chosen={{ tenantId, cloud, scopes }}
            way={guide}
            onWay={showGuide}
            takeFocus={openedByHand}
            onClose={() => {
              opener.current?.focus();
              showGuide(undefined);
            }}
          />
        )
      }
    >
      {step === "name" && (
        <NameForm
          initial={accountKey}
          submitLabel={t("wizard.next")}
          onSubmit={async ({ displayName, description }) => {
            await save({ displayName, description });
            goTo("redirect");
          }}
        />
      )}
      {step === "redirect" && <RedirectStep uri={accountKey.redirectUri} onNext={() => goTo("details")} />}
      {step === "details" && (
        <DetailsStep
          accountKey={accountKey}
          form={form}
          onSave={save}
          failure={failure}
          onStarted={(id) => {
            setFailure(null);
            seen.follow();
            void navigate({ search: { step: "authorize", attempt: id, guide }, replace: true });
          }}
        />
      )}
      {step === "authorize" && attempt !== undefined && (
        <AttemptStep
          accountKey={accountKey}
          attemptId={attempt}
          onAgain={(found) => {
            setFailure(found);
            goTo("details");
          }}
        />
      )}
      {step === "authorize" && attempt === undefined && (
        <Button variant="primary" onClick={() => goTo("details")}>
          {t("attempt.startAgain")}
        </Button>
      )}
    </Wizard>
  );
}

function RedirectStep({ uri, onNext }: { uri: string; onNext: () => void }) {
  return (
    <>
      <p>{t("wizard.redirectText")}</p>
      <CopyField label={t("wizard.redirectUri")} value={uri} />
      <ol className="ml-5 grid list-decimal gap-1.5">
        <li>{t("wizard.redirectWhere1")}</li>
        <li>{t("wizard.redirectWhere2")}</li>
        <li>{t("wizard.redirectWhere3")}</li>
      </ol>
      <p className="text-sm text-muted">{t("wizard.redirectNote")}</p>
      <div>
        <Button variant="primary" onClick={onNext}>
          {t("wizard.redirectDone")}
        </Button>
      </div>
    </>
  );
}
