import { useOfferLink, type User, type UserLink } from "@/api/users";
import { t } from "@/i18n/t";
import { useShownOnce } from "@/lib/shownOnce";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { FormError } from "@/ui/FormError";
import { LinkOnce } from "./LinkOnce";

type LinkDialogProps = {
  user: User;
  what: "invitation" | "password-reset";
  open: boolean;
  onClose: () => void;
};

/** Says what a new link does, makes it, and shows it the one time. */
export function LinkDialog({ user, what, open, onClose }: LinkDialogProps) {
  const [link, setLink] = useShownOnce<UserLink>(open);
  const { name } = user;
  const invitation = what === "invitation";
  const question = invitation ? t("users.renewTitle", { name }) : t("users.resetTitle", { name });
  return (
    <Dialog
      open={open}
      onClose={onClose}
      size="md"
      title={link ? t("users.linkReadyTitle", { name }) : question}
      description={link ? undefined : t(invitation ? "users.renewText" : "users.resetText")}
      // Escape at the wrong moment must not lose what is shown once.
      dismissible={link === null}
    >
      {link ? (
        <LinkOnce
          label={t(invitation ? "users.invitationLink" : "users.resetLink")}
          name={name}
          link={link}
          onClose={onClose}
        />
      ) : (
        <Question id={user.id} what={what} onMade={setLink} onClose={onClose} />
      )}
    </Dialog>
  );
}

type QuestionProps = {
  id: string;
  what: LinkDialogProps["what"];
  onMade: (link: UserLink) => void;
  onClose: () => void;
};

function Question({ id, what, onMade, onClose }: QuestionProps) {
  const offer = useOfferLink(id);
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!offer.isPending) offer.mutate(what, { onSuccess: onMade });
      }}
    >
      <FormError problem={offer.error ? { error: offer.error, unplaced: [] } : null} />
      <DialogActions>
        <Button type="submit" variant="primary" pending={offer.isPending}>
          {t("users.makeLink")}
        </Button>
        <Button disabled={offer.isPending} onClick={onClose}>
          {t("action.cancel")}
        </Button>
      </DialogActions>
    </form>
  );
}
