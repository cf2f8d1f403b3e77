using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Validation;

/// <summary>Images that are built on this machine.</summary>
internal static class BuildRules
{
    public static void Check(StackDefinition stack, Findings findings)
    {
        foreach (var image in stack.Images.Values.Where(image => image.Build is not null))
        {
            var path = Building.PlannedBuilds.PathOf(image.Name, stack);
            foreach (var secret in image.Build!.Secrets)
            {
                if (!stack.Secrets.TryGetValue(secret.Source, out var known))
                    findings.Error("UnknownSecret", path, $"it is built with the secret {Excerpts.Quote(secret.Source)}, which the file does not have", findings.DidYouMean(secret.Source, stack.Secrets, "add it to `secrets` at the top of the file"));
                else if (known is { File: null, Environment: null })
                    findings.Error("BadBuild", path, $"the secret `{secret.Source}` comes of a command or of an encrypted file, which builds cannot use", "write it with `file` or `environment`");
            }
        }

        foreach (var instance in stack.Instances.Values.Where(instance => instance.Type == InstanceType.VirtualMachine && stack.Images.GetValueOrDefault(instance.Image)?.Build is not null))
            findings.Error("BadBuild", $"instances.{instance.Name}.type", "what is built of a Dockerfile runs in containers only", "leave `type` out, or name the image of a virtual machine");
    }
}
