import type { ReactNode } from "react";
import { Logo } from "./Logo";
import { useDocumentTitle } from "./PageHeader";

type PublicPageProps = {
  title: string;
  description?: ReactNode;
  children: ReactNode;
};

/** A page outside the shell: one card in the middle, under the product's name. */
export function PublicPage({ title, description, children }: PublicPageProps) {
  useDocumentTitle(title);
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-md flex-col gap-5 px-4 pt-[12vh] pb-8">
      <Logo />
      <div className="rounded-xl border border-line bg-surface p-5 shadow-md sm:p-8">
        <h1 tabIndex={-1} className="text-2xl font-semibold text-balance wrap-anywhere">
          {title}
        </h1>
        {description && <div className="mt-1.5 text-pretty text-muted">{description}</div>}
        <div className="mt-6">{children}</div>
      </div>
    </main>
  );
}
