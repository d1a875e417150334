import { accountKeys } from "./account-keys";
import { apiClients } from "./api-clients";
import { appRegistration } from "./app-registration";
import { auditLog } from "./audit-log";
import { authorize } from "./authorize";
import { checks } from "./checks";
import { common } from "./common";
import { quickStarts } from "./quick-starts";
import { session } from "./session";
import { settings } from "./settings";
import { targets } from "./targets";
import { users } from "./users";

/** Every text, one file per feature. */
export const en = {
  ...common,
  ...accountKeys,
  ...apiClients,
  ...appRegistration,
  ...auditLog,
  ...authorize,
  ...checks,
  ...quickStarts,
  ...session,
  ...settings,
  ...targets,
  ...users,
};
