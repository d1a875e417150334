import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Versioned } from "@/api/client";
import { targets, useUpdateTarget, type Target } from "@/api/targets";
import { t } from "@/i18n/t";
import { useCan } from "@/lib/permissions";
import { Button } from "@/ui/Button";
import { Callout } from "@/ui/Callout";
import { PageHeader } from "@/ui/PageHeader";
import { QueryView } from "@/ui/QueryView";
import { DeniedPage } from "@/ui/States";
import { Tabs } from "@/ui/Tabs";
import { toast } from "@/ui/toast";
import { Console } from "./Console";
import { Overview } from "./Overview";
import { TargetActions } from "./TargetActions";
import { TargetForm } from "./TargetForm";
import { TargetStatus } from "./TargetStatus";
import { useConsole, type Calls } from "./useConsole";

const route = getRouteApi("/shell/targets/$id");

export function TargetPage() {
  const can = useCan();
  const { id } = route.useParams();
  if (!can("targets:read")) return <DeniedPage title={t("targets.title")} />;
  return <Visit key={id} id={id} />;
}

function Visit({ id }: { id: string }) {
  const query = useQuery(targets.one(id));
  return (
    <QueryView query={query} heading={t("targets.title")}>
      {(target) => <Loaded target={target} />}
    </QueryView>
  );
}

function Loaded({ target }: { target: Versioned<Target> }) {
  const can = useCan();
  const { edit } = route.useSearch();
  // Here, so that the calls of before are still there when what the target allows has been changed for them.
  const calls = useConsole(target);
  if (edit && can("targets:write")) return <EditTarget target={target} />;
  return <ShowTarget target={target} calls={calls} />;
}

function ShowTarget({ target, calls }: { target: Target; calls: Calls }) {
  const can = useCan();
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
  const overview = <Overview target={target} />;
  return (
    <>
      <PageHeader
        title={target.name}
        description={target.description}
        badge={<TargetStatus target={target} />}
        back={<Link to="/targets">{t("targets.title")}</Link>}
        actions={can("targets:write") && <TargetActions target={target} />}
      />
      <div className="grid gap-5">
        {!target.enabled && (
          <Callout tone="warning" title={t("targets.disabledCallout")}>
            <p>{t("targets.disabledCalloutText")}</p>
          </Callout>
        )}
        {can("graph:call") ? (
          <Tabs
            label={t("targets.tabs")}
            value={tab ?? "overview"}
            onChange={(next) => void navigate({ search: next === "try" ? { tab: next } : {}, replace: true })}
            tabs={[
              { value: "overview", label: t("targets.overview"), content: overview },
              { value: "try", label: t("targets.try"), content: <Console target={target} calls={calls} /> },
            ]}
          />
        ) : (
          overview
        )}
      </div>
    </>
  );
}

function EditTarget({ target: now }: { target: Versioned<Target> }) {
  // What the form was filled with: a version that arrives later is somebody else's change.
  const [target] = useState(now);
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
  const update = useUpdateTarget(target.id);
  const leave = () => void navigate({ search: { tab }, replace: true });
  return (
    <>
      <PageHeader
        title={t("targets.editTitle", { name: target.name })}
        back={
          <Link to="/targets/$id" params={{ id: target.id }} search={{ tab }} replace>
            {target.name}
          </Link>
        }
      />
      <TargetForm
        target={target}
        submitLabel={t("action.saveChanges")}
        onSubmit={async (body) => {
          await update.mutateAsync({ ...body, etag: target.etag });
          toast.success(t("targets.saved"));
          leave();
        }}
        cancel={<Button onClick={leave}>{t("action.cancel")}</Button>}
      />
    </>
  );
}
