export const quickStarts = {
  "quickStarts.needs":
    "A program needs the secret of an API client that may get access tokens of this key. Make one under",
  "quickStarts.ways": "Language",
  "quickStarts.curl": "curl",
  "quickStarts.curlRun": "start.sh, for: sh start.sh",
  "quickStarts.go": "Go",
  "quickStarts.goRun": "main.go, for: go run main.go",
  "quickStarts.typescript": "TypeScript",
  "quickStarts.typescriptRun": "start.mts, for: node start.mts (Node.js 22.18 or newer)",
  "quickStarts.python": "Python",
  "quickStarts.pythonRun": "start.py, for: python3 start.py",
  "quickStarts.powershell": "PowerShell",
  "quickStarts.powershellRun": "start.ps1, for: pwsh start.ps1",
  "quickStarts.csharp": "C#",
  "quickStarts.csharpRun": "Program.cs of a console project, for: dotnet run",
  "quickStarts.azure": "Azure SDKs",
  "quickStarts.azureText":
    "Programs that use an Azure SDK's managed identity (ManagedIdentityCredential, DefaultAzureCredential) work unchanged with two environment variables:",
  "quickStarts.azureHeader": "a secret of an API client that may get access tokens of this key",
  "quickStarts.azureHint":
    "They ask for the scope https://graph.microsoft.com/.default and get the tokens of this key, as long as it is authorized.",
};
