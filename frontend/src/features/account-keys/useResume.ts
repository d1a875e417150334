import { useSwitchAccountKey, type AccountKey } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { toast } from "@/ui/toast";

/** Switches a suspended key on again. */
export function useResume({ id, displayName: name }: AccountKey) {
  const act = useSwitchAccountKey(id);
  return {
    pending: act.isPending,
    // Awaited here: the button may have left the page before the answer is told.
    run: async () => {
      try {
        const { status } = await act.mutateAsync("resume");
        toast.success(t(status === "authorized" ? "key.didResume" : "key.didResumeOnly", { name }));
      } catch (error) {
        toast.error(error);
      }
    },
  };
}
