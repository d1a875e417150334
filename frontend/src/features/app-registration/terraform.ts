import { terraformQuote } from "@/lib/quote";
import type { Registration } from "./registration";

/** The app as a Terraform configuration. Ids of permissions are looked up by the provider. */
export function terraformConfig(registration: Registration): string {
  const { appName, redirectUri, tenantId, cloud, scopes, secretEndsOn } = registration;
  if (!cloud) return "";
  const provider = [
    ...(cloud.terraform === "global" ? [] : [["environment", terraformQuote(cloud.terraform)] as const]),
    ...(tenantId ? [["tenant_id", terraformQuote(tenantId)] as const] : []),
  ];
  const width = Math.max(0, ...provider.map(([name]) => name.length));
  const settings = provider.map(([name, value]) => `\n  ${name.padEnd(width)} = ${value}`).join("");
  return `terraform {
  required_providers {
    azuread = {
      source  = "hashicorp/azuread"
      version = "~> 3.0"
    }
  }
}

provider "azuread" {${settings}${settings && "\n"}}

data "azuread_client_config" "me" {}
data "azuread_application_published_app_ids" "known" {}

resource "azuread_service_principal" "graph" {
  client_id    = data.azuread_application_published_app_ids.known.result.MicrosoftGraph
  use_existing = true
}

locals {
  scopes = [
${scopes.map(({ name }) => `    ${terraformQuote(name)},`).join("\n")}
  ]
}

resource "azuread_application" "latchkey" {
  display_name     = ${terraformQuote(appName)}
  sign_in_audience = "AzureADMyOrg"

  web {
    redirect_uris = [${terraformQuote(redirectUri)}]
  }

  required_resource_access {
    resource_app_id = azuread_service_principal.graph.client_id

    dynamic "resource_access" {
      for_each = local.scopes
      content {
        id   = azuread_service_principal.graph.oauth2_permission_scope_ids[resource_access.value]
        type = "Scope"
      }
    }
  }
}

resource "azuread_service_principal" "latchkey" {
  client_id = azuread_application.latchkey.client_id
}

# Admin consent. Without the right to give it, leave this block out and ask an administrator.
resource "azuread_service_principal_delegated_permission_grant" "consent" {
  service_principal_object_id          = azuread_service_principal.latchkey.object_id
  resource_service_principal_object_id = azuread_service_principal.graph.object_id
  claim_values                         = local.scopes
}

resource "azuread_application_password" "latchkey" {
  application_id = azuread_application.latchkey.id
  display_name   = "latchkey"
  end_date       = "${secretEndsOn}T00:00:00Z"
}

output "tenant_id" {
  value = data.azuread_client_config.me.tenant_id
}

output "client_id" {
  value = azuread_application.latchkey.client_id
}

output "secret" {
  value     = azuread_application_password.latchkey.value
  sensitive = true
}
`;
}

/** Shows the three outputs, the secret among them. */
export const terraformCommands = "terraform init\nterraform apply\nterraform output -json";
