import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { AccountKey } from "@/api/account-keys";
import { sightingsQuery, type Sighting } from "@/api/authorizations";
import { t } from "@/i18n/t";
import { QueryView } from "@/ui/QueryView";
import { SearchField } from "@/ui/SearchField";
import { SightingAnswer } from "./SightingAnswer";
import { findSightings, numbersIn } from "./sightings";

type MicrosoftHelpProps = { accountKey: AccountKey; open?: boolean };

/** Most of what goes wrong stays on Microsoft's page: a list of it, searched by what the page says. */
export function MicrosoftHelp({ accountKey, open }: MicrosoftHelpProps) {
  const [opened, setOpened] = useState(Boolean(open));
  return (
    <details
      open={opened}
      onToggle={(event) => setOpened(event.currentTarget.open)}
      className="rounded-md border border-line px-3 py-2"
    >
      <summary className="cursor-pointer font-semibold">{t("help.title")}</summary>
      {opened && <Search accountKey={accountKey} />}
    </details>
  );
}

function Search({ accountKey }: { accountKey: AccountKey }) {
  const query = useQuery(sightingsQuery);
  const [question, setQuestion] = useState("");
  return (
    <div className="mt-3 grid gap-4 pb-2">
      <p className="text-pretty text-muted">{t("help.text")}</p>
      <SearchField label={t("help.search")} value={question} onChange={setQuestion} />
      <QueryView bare query={query}>
        {({ items }) => {
          const found = findSightings(items, question);
          return (
            <>
              <p role="status" className="sr-only">
                {question !== "" && t("help.found", { count: found.length })}
              </p>
              {found.length === 0 ? (
                <NothingFound question={question} />
              ) : (
                <Places key={question} found={found} accountKey={accountKey} open={found.length === 1} />
              )}
            </>
          );
        }}
      </QueryView>
    </div>
  );
}

/** The order in which somebody comes by them, if all goes wrong. */
const places = ["error_page", "approval_page", "sign_in_page", "window", "elsewhere"] as const;

type PlacesProps = { found: Sighting[]; accountKey: AccountKey; open: boolean };

function Places({ found, accountKey, open }: PlacesProps) {
  const id = useId();
  return places.map((place) => {
    const here = found.filter((sighting) => sighting.place === place);
    if (here.length === 0) return null;
    return (
      <section key={place} aria-labelledby={`${id}-${place}`} className="grid gap-1">
        <h3 id={`${id}-${place}`} className="text-sm font-semibold text-muted">
          {t(`help.${place}`)}
        </h3>
        <ul className="grid divide-y divide-line border-y border-line">
          {here.map((sighting) => (
            <li key={`${sighting.code} ${sighting.numbers.join(" ")}`}>
              <SightingAnswer sighting={sighting} accountKey={accountKey} open={open} />
            </li>
          ))}
        </ul>
      </section>
    );
  });
}

function NothingFound({ question }: { question: string }) {
  const [number] = numbersIn(question);
  return (
    <div className="grid gap-1">
      <p>{t("help.nothing")}</p>
      {number !== undefined && (
        <p>
          <a
            href={`https://login.microsoftonline.com/error?code=${number}`}
            target="_blank"
            rel="noreferrer"
            className="text-accent-ink underline"
          >
            {t("help.lookUp", { number: `AADSTS${number}` })}
          </a>
        </p>
      )}
    </div>
  );
}
